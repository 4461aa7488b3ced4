{{/* The keys of receivers by what these are for: written by make golden. */}}
{{- define "promsnap.archives" }}["dir","s3"]{{ end }}
{{- define "promsnap.people" }}["slack","slack_webhook","email","pagerduty","opsgenie","teams","discord","telegram"]{{ end }}

{{/* The Pod of a run, for a CronJob or for helm test. Given: root, args. */}}
{{- define "promsnap.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "promsnap.serviceAccountName" .root }}
automountServiceAccountToken: true
restartPolicy: Never
terminationGracePeriodSeconds: 45
securityContext: {{- include "promsnap.podSecurityContext" .root | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: promsnap
    image: {{ include "promsnap.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: {{- toYaml .args | nindent 6 }}
    env:
      - {name: PROMSNAP_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
      - {name: PROMSNAP_POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      - {name: PROMSNAP_JOB_NAME, valueFrom: {fieldRef: {fieldPath: "metadata.labels['batch.kubernetes.io/job-name']"}}}
      - {name: GOMEMLIMIT, value: {{ $values.goMemLimit | quote }}}
      {{- with $values.slack.existingSecret }}
      - name: SLACK_BOT_TOKEN
        valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $values.slack.existingSecretKey }}}}
      {{- end }}
      {{- with $values.slackWebhook.existingSecret }}
      - name: SLACK_WEBHOOK_URL
        valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $values.slackWebhook.existingSecretKey }}}}
      {{- end }}
      {{- with $values.s3.existingSecret }}
      - name: AWS_ACCESS_KEY_ID
        valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_ACCESS_KEY_ID}}
      - name: AWS_SECRET_ACCESS_KEY
        valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SECRET_ACCESS_KEY}}
      {{- end }}
      {{- with $values.extraEnv }}{{ toYaml . | nindent 6 }}{{ end }}
    resources: {{- toYaml $values.resources | nindent 6 }}
    securityContext: {{- toYaml $values.securityContext | nindent 6 }}
    volumeMounts:
      - {name: config, mountPath: /etc/promsnap, readOnly: true}
      {{- with $values.extraVolumeMounts }}{{ toYaml . | nindent 6 }}{{ end }}
volumes:
  - name: config
    {{- include "promsnap.files" .root | nindent 4 }}
  {{- with $values.extraVolumes }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{/* The volume with promsnap.yaml, and beside it the dashboards. */}}
{{- define "promsnap.files" -}}
{{- $fullname := include "promsnap.fullname" . }}
{{- $dashboards := list }}
{{- range $name, $dashboard := .Values.dashboards }}{{ if $dashboard }}{{ $dashboards = append $dashboards $name }}{{ end }}{{ end }}
{{- if $dashboards -}}
projected:
  sources:
    - configMap: {name: {{ $fullname }}-config}
    {{- range $dashboards }}
    - configMap: {name: {{ $fullname }}-dashboard-{{ . }}, items: [{key: dashboard.json, path: dashboards/{{ . }}.json}]}
    {{- end }}
{{- else -}}
configMap: {name: {{ $fullname }}-config}
{{- end }}
{{- end }}

{{/*
How the CronJob of a report runs: jobs.NAME overrides jobDefaults, even with 0 and false. Given: root,
name.
*/}}
{{- define "promsnap.job" -}}
{{- $job := deepCopy .root.Values.jobDefaults }}
{{- range $key, $value := index .root.Values.jobs .name }}{{ $_ := set $job $key $value }}{{ end }}
{{- toYaml $job }}
{{- end }}

{{/*
How the Job of a fleet's report runs: jobs.NAME.completions or, without discover, an index for each
cluster and one for the report. Given: root, job, fleet.
*/}}
{{- define "promsnap.fleetJob" -}}
{{- $completions := int (.job.completions | default 0) }}
{{- if not $completions }}
{{- if .fleet.discover }}{{ fail "the chart cannot count the clusters that fleet.discover finds: set jobDefaults.completions to about their number plus two; an index may have several clusters" }}{{ end }}
{{- $completions = add (len (.fleet.clusters | default list)) 2 | int }}
{{- end }}
{{- if lt $completions 3 }}{{ fail "fleet.clusters is empty: add a cluster, or discover" }}{{ end }}
completions: {{ $completions }}
parallelism: {{ min $completions (.job.parallelism | default 8) }}
activeDeadlineSeconds: {{ .job.activeDeadlineSeconds | default 3600 }}
{{- end }}

{{/* The seconds without a successful run after which an alert fires. Given: job, report. */}}
{{- define "promsnap.alertAfter" -}}
{{- if hasKey .job "alertAfterSeconds" }}{{ int .job.alertAfterSeconds }}
{{- else if eq .report.schedule "*/5 * * * *" }}900
{{- else if eq .report.schedule "@hourly" }}7200
{{- else if regexMatch "^([0-9]+ +[0-9]+ +[*?] +[*?] +[*?]|@daily|@midnight)$" .report.schedule }}93600
{{- else if not .job.suspend }}
{{- fail (printf "report %s: set jobs.%s.alertAfterSeconds to the longest time between two runs of the schedule %q, in seconds, plus some time for a late run; 0 means no alert" .report.name .report.name .report.schedule) }}
{{- end }}
{{- end }}

{{/*
The Pod's security context. OpenShift gives each namespace its own range of users and groups, and
refuses a Pod with others. There the chart leaves its own out, and the Pod gets one of the range.
*/}}
{{- define "promsnap.podSecurityContext" -}}
{{- $context := deepCopy .Values.podSecurityContext }}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}
{{- range $key := list "runAsUser" "runAsGroup" "fsGroup" }}
{{- if eq (toString (get $context $key)) "65532" }}{{ $_ := unset $context $key }}{{ end }}
{{- end }}
{{- end }}
{{- $_ := set $context "runAsNonRoot" true }}
{{- toYaml $context }}
{{- end }}

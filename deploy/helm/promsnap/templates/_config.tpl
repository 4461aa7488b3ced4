{{/*
promsnap.yaml: the value config, or one that is built from the other values. Every template reads it
from here, so that CronJobs, roles and the state's ConfigMap fit it.
*/}}
{{- define "promsnap.config" -}}
{{- if .Values.config -}}
{{- if kindIs "string" .Values.config }}{{ .Values.config }}{{ else }}{{ toYaml .Values.config }}{{ end }}
{{- else -}}
{{- $receivers := include "promsnap.receivers" . | fromYamlArray -}}
version: 1
cluster: {{ required "set the cluster's name, which is in every title, message and key: --set cluster=prod-seoul" .Values.cluster | quote }}
{{- with .Values.prometheus }}
prometheus: {{- toYaml . | nindent 2 }}
{{- end }}
kubernetes: {{- toYaml .Values.kubernetes | nindent 2 }}
{{- $reports := list }}
{{- range $name, $report := .Values.reports }}
{{- if $report }}
{{- with include "promsnap.report" (dict "name" $name "report" $report "receivers" $receivers "values" $.Values) | fromYaml }}{{ $reports = append $reports . }}{{ end }}
{{- end }}
{{- end }}
{{- if not $reports }}{{ fail "there is no report with a receiver: set reports, or a receiver that accepts the summary daily" }}{{ end }}
reports: {{- toYaml $reports | nindent 2 }}
receivers: {{- toYaml $receivers | nindent 2 }}
{{- with .Values.time_intervals }}
time_intervals: {{- toYaml . | nindent 2 }}
{{- end }}
state:
{{- if eq .Values.state.store "s3" }}
  s3: {{- merge (dict "prefix" .Values.state.s3Prefix) (include "promsnap.bucket" . | fromYaml) | toYaml | nindent 4 }}
{{- else }}
  configmap:
    name: {{ include "promsnap.fullname" . }}-state
    {{- if .Values.kubernetes.namespace }}
    namespace: {{ .Release.Namespace }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* promsnap.config, parsed. */}}
{{- define "promsnap.parsed" -}}
{{- $config := include "promsnap.config" . | fromYaml }}
{{- with $config.Error }}{{ fail (printf "config is not YAML: %s" .) }}{{ end }}
{{- toYaml $config }}
{{- end }}

{{/*
The name and namespace of the state's ConfigMap, or nothing if the state is elsewhere. promsnap.yaml
need not name it.
*/}}
{{- define "promsnap.state" -}}
{{- $config := include "promsnap.parsed" . | fromYaml }}
{{- $map := ($config.state).configmap }}
{{- if and (not $config.state) (hasKey $config "kubernetes") }}{{ $map = dict "name" "promsnap-state" }}{{ end }}
{{- with $map }}
name: {{ .name }}
namespace: {{ coalesce .namespace ($config.kubernetes).namespace $.Release.Namespace }}
{{- end }}
{{- end }}

{{/*
One report. If it names no receivers, it gets all that fit, and the keys for them: a summary counts the
runs of check, and an archive keeps the checks that sent people a message. Without people, it loses the
keys that are only for people. The chart's own daily summary disappears if no receiver accepts it; a
report that the user wrote does not.
*/}}
{{- define "promsnap.report" -}}
{{- $report := merge (dict "name" .name) (deepCopy .report) (dict "timezone" .values.timeZone "language" .values.language) }}
{{- $summary := eq ($report.send | default "") "summary" }}
{{- $named := hasKey $report "receivers" }}
{{- $names := list }}{{ $archives := false }}{{ $people := false }}
{{- range .receivers }}
{{- $fits := not (or (and (hasKey . "alertmanager") (or $summary (not $report.schedule))) (and (or (hasKey . "pagerduty") (hasKey . "opsgenie")) $summary)) }}
{{- if $named }}{{ $fits = has .name $report.receivers }}{{ end }}
{{- if $fits }}
{{- $names = append $names .name }}
{{- $receiver := . }}
{{- range include "promsnap.archives" . | fromJsonArray }}{{ if hasKey $receiver . }}{{ $archives = true }}{{ end }}{{ end }}
{{- range include "promsnap.people" . | fromJsonArray }}{{ if hasKey $receiver . }}{{ $people = true }}{{ end }}{{ end }}
{{- end }}
{{- end }}
{{- if and $people (not $report.send) }}
{{- fail (printf "report %s goes to people: set reports.%s.send to changes or summary" .name .name) }}
{{- end }}
{{- if not $named }}
{{- if not (or $names (eq .name "daily")) }}
{{- fail (printf "report %s has no receiver, because an Alertmanager accepts neither summaries nor reports without a schedule, and PagerDuty and Opsgenie no summaries: add another receiver, or remove the report with reports.%s=null" .name .name) }}
{{- end }}
{{- $_ := set $report "receivers" $names }}
{{- if not $people }}{{ $report = omit $report "send" "repeat_interval" "history_from" }}
{{- else if and $summary (.values.reports.check) (ne .name "check") }}{{ $report = merge $report (dict "history_from" "check") }}
{{- else if and $archives (eq ($report.send | default "") "changes") }}{{ $report = merge $report (dict "archive" "on_change") }}
{{- end }}
{{- end }}
{{- if or $named $names }}{{ toYaml $report }}{{ end }}
{{- end }}

{{/* The receivers: archives, then people, then those in the value receivers. */}}
{{- define "promsnap.receivers" -}}
{{- $out := list }}
{{- with .Values.s3 }}
{{- if .bucket }}
{{- $bucket := merge (dict "prefix" .prefix) (include "promsnap.bucket" $ | fromYaml) }}
{{- if .publicURL }}{{ $_ := set $bucket "public_url" .publicURL }}{{ end }}
{{- $out = append $out (dict "name" "archive" "s3" $bucket) }}
{{- end }}
{{- end }}
{{- with .Values.slack }}
{{- if .channel }}
{{- if not .existingSecret }}{{ fail "slack.channel needs the Secret with the bot's token: --set slack.existingSecret=promsnap-slack" }}{{ end }}
{{- $out = append $out (dict "name" "slack" "slack" (dict "channel" .channel "token_env" "SLACK_BOT_TOKEN")) }}
{{- end }}
{{- end }}
{{- if .Values.slackWebhook.existingSecret }}
{{- $out = append $out (dict "name" "slack-webhook" "slack_webhook" (dict "url_env" "SLACK_WEBHOOK_URL")) }}
{{- end }}
{{- range .Values.receivers }}{{ $out = append $out . }}{{ end }}
{{- if not $out }}
{{- fail "there is no receiver: set slack.channel and slack.existingSecret, slackWebhook.existingSecret, s3.bucket or receivers" }}
{{- end }}
{{- toYaml $out }}
{{- end }}

{{/* s3.bucket, and how to reach it. */}}
{{- define "promsnap.bucket" -}}
{{- with .Values.s3 -}}
bucket: {{ required "state.store=s3 needs s3.bucket" .bucket | quote }}
{{- with .region }}
region: {{ . | quote }}
{{- end }}
{{- with .endpoint }}
endpoint: {{ . | quote }}
{{- end }}
{{- if .pathStyle }}
path_style: true
{{- end }}
{{- end }}
{{- end }}

{{/*
The ports of the addresses in a part of promsnap.yaml, each followed by a space. Addresses that only
people use are left out. An address in the environment, in a file or in AWS is not known here.
*/}}
{{- define "promsnap.ports" -}}
{{- if kindIs "slice" . }}
{{- range . }}{{ include "promsnap.ports" . }}{{ end }}
{{- else if kindIs "map" . }}
{{- range $key, $value := . }}
{{- if and (kindIs "string" $value) (has $key (list "url" "api_url" "endpoint" "proxy_url" "token_url")) }}{{ include "promsnap.port" $value }}
{{- else if and (kindIs "string" $value) (eq $key "smarthost") }}{{ regexFind "[0-9]+$" $value }}{{ " " }}
{{- else }}{{ include "promsnap.ports" $value }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The port of an address, or the default port of its scheme, followed by a space. */}}
{{- define "promsnap.port" -}}
{{- $address := "^(https?|socks5h?)://([^/?#@]*@)?(\\[[^]]*\\]|[^][:/?#]*)(:([0-9]+))?([/?#].*)?$" }}
{{- if regexMatch $address . }}
{{- $scheme := regexReplaceAll $address . "${1}" }}
{{- regexReplaceAll $address . "${5}" | default (get (dict "http" "80" "https" "443") $scheme | default "1080") }}{{ " " }}
{{- end }}
{{- end }}

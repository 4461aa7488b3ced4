{{/*
promsnap.yaml: the values' config, or one that is made of the other values. Every template reads it from here, so that CronJobs, roles
and the state's ConfigMap fit whatever it says.
*/}}
{{- define "promsnap.config" -}}
{{- if .Values.config -}}
{{- if kindIs "string" .Values.config }}{{ .Values.config }}{{ else }}{{ toYaml .Values.config }}{{ end }}
{{- else -}}
{{- $receivers := include "promsnap.receivers" . | fromYamlArray -}}
version: 1
cluster: {{ required "which cluster? Its name stands in every title, message and key: --set cluster=prod-seoul" .Values.cluster | quote }}
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
{{- if not $reports }}{{ fail "there is no report that a receiver takes: set reports, or receivers that take the summary daily" }}{{ end }}
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

{{/* promsnap.config, read. */}}
{{- define "promsnap.parsed" -}}
{{- $config := include "promsnap.config" . | fromYaml }}
{{- with $config.Error }}{{ fail (printf "config is not YAML: %s" .) }}{{ end }}
{{- toYaml $config }}
{{- end }}

{{/*
The ConfigMap in which promsnap remembers, its name and namespace; nothing where it remembers elsewhere. promsnap.yaml need not name it.
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
One report. Where it names no receivers, it gets all that fit it, and the keys that go with them: a summary counts the runs of check, an
archive keeps what people were told of. What only people are told of it loses where there are none. The values' own summary is nothing where
no receiver takes one; whoever writes a report wants it.
*/}}
{{- define "promsnap.report" -}}
{{- $report := merge (dict "name" .name) (deepCopy .report) (dict "timezone" .values.timeZone "language" .values.language) }}
{{- $summary := eq ($report.send | default "") "summary" }}
{{- $named := hasKey $report "receivers" }}
{{- $names := list }}{{ $archives := false }}{{ $people := false }}
{{- range .receivers }}
{{- $fits := not (and (hasKey . "alertmanager") (or $summary (not $report.schedule))) }}
{{- if $named }}{{ $fits = has .name $report.receivers }}{{ end }}
{{- if $fits }}
{{- $names = append $names .name }}
{{- $receiver := . }}
{{- range include "promsnap.archives" . | fromJsonArray }}{{ if hasKey $receiver . }}{{ $archives = true }}{{ end }}{{ end }}
{{- range include "promsnap.people" . | fromJsonArray }}{{ if hasKey $receiver . }}{{ $people = true }}{{ end }}{{ end }}
{{- end }}
{{- end }}
{{- if and $people (not $report.send) }}
{{- fail (printf "report %s: what shall people be told of it? Set reports.%s.send to changes or to summary" .name .name) }}
{{- end }}
{{- if not $named }}
{{- if not (or $names (eq .name "daily")) }}
{{- fail (printf "report %s: no receiver takes it, as an Alertmanager takes neither summaries nor what has no schedule; set receivers that do, or take it out: reports.%s=null" .name .name) }}
{{- end }}
{{- $_ := set $report "receivers" $names }}
{{- if not $people }}{{ $report = omit $report "send" "repeat_interval" "history_from" }}
{{- else if and $summary (.values.reports.check) (ne .name "check") }}{{ $report = merge $report (dict "history_from" "check") }}
{{- else if and $archives (eq ($report.send | default "") "changes") }}{{ $report = merge $report (dict "archive" "on_change") }}
{{- end }}
{{- end }}
{{- if or $named $names }}{{ toYaml $report }}{{ end }}
{{- end }}

{{/* The receivers: archives, then people, then those of the values' receivers. */}}
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
{{- if not .existingSecret }}{{ fail "slack.channel needs the Secret that holds the bot's token: --set slack.existingSecret=promsnap-slack" }}{{ end }}
{{- $out = append $out (dict "name" "slack" "slack" (dict "channel" .channel "token_env" "SLACK_BOT_TOKEN")) }}
{{- end }}
{{- end }}
{{- if .Values.slackWebhook.existingSecret }}
{{- $out = append $out (dict "name" "slack-webhook" "slack_webhook" (dict "url_env" "SLACK_WEBHOOK_URL")) }}
{{- end }}
{{- range .Values.receivers }}{{ $out = append $out . }}{{ end }}
{{- if not $out }}
{{- fail "whom shall promsnap tell? Set slack.channel and slack.existingSecret, slackWebhook.existingSecret, s3.bucket or receivers" }}
{{- end }}
{{- toYaml $out }}
{{- end }}

{{/* s3.bucket, and how it is reached. */}}
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
The ports of the addresses that a part of promsnap.yaml has, each with a space behind it. Those are left out that people follow and
promsnap does not. An address that lies in the environment, in a file or in AWS is not known here.
*/}}
{{- define "promsnap.ports" -}}
{{- if kindIs "slice" . }}
{{- range . }}{{ include "promsnap.ports" . }}{{ end }}
{{- else if kindIs "map" . }}
{{- range $key, $value := . }}
{{- if and (kindIs "string" $value) (has $key (list "url" "api_url" "endpoint" "proxy_url" "token_url")) }}{{ include "promsnap.port" $value }}
{{- else }}{{ include "promsnap.ports" $value }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The port of an address, or its scheme's, and a space. */}}
{{- define "promsnap.port" -}}
{{- $address := "^(https?|socks5h?)://([^/?#@]*@)?(\\[[^]]*\\]|[^][:/?#]*)(:([0-9]+))?([/?#].*)?$" }}
{{- if regexMatch $address . }}
{{- $scheme := regexReplaceAll $address . "${1}" }}
{{- regexReplaceAll $address . "${5}" | default (get (dict "http" "80" "https" "443") $scheme | default "1080") }}{{ " " }}
{{- end }}
{{- end }}

{{/*
The start of every object's name. A CronJob's name has at most 52 characters: 30, a hyphen and the
report's name.
*/}}
{{- define "promsnap.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains "promsnap" $name) }}{{ $name = printf "%s-promsnap" $name }}{{ end }}
{{- $name | trunc 30 | trimSuffix "-" }}
{{- end }}

{{- define "promsnap.selectorLabels" -}}
app.kubernetes.io/name: promsnap
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "promsnap.labels" -}}
{{ include "promsnap.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/*
The account of the Pods. If the chart grants rights to an account that it does not create, the account
must be named. Otherwise the rights would go to default, which every Pod without an account uses.
*/}}
{{- define "promsnap.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "promsnap.fullname" .) }}
{{- else if .Values.rbac.create }}{{ required "serviceAccount.create=false needs serviceAccount.name, the account of promsnap's Pods, because rbac.create grants it rights" .Values.serviceAccount.name }}
{{- else }}{{ .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/*
The image. global.imageRegistry replaces the registry in image.repository: its first part, if that is a
host.
*/}}
{{- define "promsnap.image" -}}
{{- $repository := .Values.image.repository }}
{{- with (.Values.global).imageRegistry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") }}
{{- end }}
{{- with .Values.image }}
{{- if .digest }}{{ $repository }}@{{ .digest }}
{{- else }}{{ $repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A role and its binding. Given: root, kind, rules, account, and for a Role its namespace. Outside of the
release's namespace, the name includes the release's namespace, so that two releases do not collide.
*/}}
{{- define "promsnap.role" -}}
{{- $name := include "promsnap.fullname" .root }}
{{- if ne (toString .namespace) .root.Release.Namespace }}{{ $name = printf "%s-%s" .root.Release.Namespace $name }}{{ end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "promsnap.labels" .root | nindent 4 }}
rules: {{- toYaml .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "promsnap.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ $name }}}
subjects: {{- toYaml (list .account) | nindent 2 }}
{{ end }}

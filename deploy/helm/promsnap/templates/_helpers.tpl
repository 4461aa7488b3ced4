{{/* What every object's name begins with. A CronJob's has 52 characters at most: 30, a hyphen and the report's name. */}}
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

{{- define "promsnap.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "promsnap.fullname" .) }}
{{- else }}{{ .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "promsnap.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{- define "flowforge.name" -}}
{{- .Values.nameOverride | default .Release.Name -}}
{{- end -}}

{{- define "flowforge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "flowforge.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Where customers reach the API, as far as the values say it. */}}
{{- define "flowforge.publicUrl" -}}
{{- with .Values.expose -}}
{{- if $.Values.publicUrl -}}
{{- $.Values.publicUrl -}}
{{- else if eq .type "Ingress" -}}
{{- printf "%s://%s" (ternary "https" "http" (ne .ingress.tlsSecretName "")) .ingress.host -}}
{{- else if and (eq .type "HTTPRoute") .httpRoute.hostnames -}}
{{- printf "https://%s" (first .httpRoute.hostnames) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Of the pods: what the operator gives them. */}}
{{- define "flowforge.selector" -}}
app.kubernetes.io/name: flowforge
app.kubernetes.io/instance: {{ include "flowforge.name" . }}
{{- end -}}

{{/* Of what the chart makes. Not those of the pods: the operator tells its own by them. */}}
{{- define "flowforge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "flowforge.selector" . }}
app.kubernetes.io/part-of: flowforge
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

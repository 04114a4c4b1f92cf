{{- define "guise.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 50 letters at the most, so that the names made from it (…-pods-0) stay names. */}}
{{- define "guise.fullname" -}}
{{- $name := include "guise.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "guise.selector" -}}
app.kubernetes.io/name: {{ include "guise.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "guise.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{ include "guise.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "guise.account" -}}
{{- $made := ternary (include "guise.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $made -}}
{{- end -}}

{{- define "guise.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- printf (ternary "%s@%s" "%s:%s" (hasPrefix "sha256:" $tag)) .Values.image.repository $tag -}}
{{- end -}}

{{/* A command line for node that asks the admin port for a path. */}}
{{- define "guise.probe" -}}
fetch('http://127.0.0.1:9464{{ . }}').then((it) => process.exit(it.ok ? 0 : 1), () => process.exit(1))
{{- end -}}

{{/* A value without the keys that were set to null, which helm leaves in maps of subcharts. */}}
{{- define "guise.present" -}}
{{- $kept := dict -}}
{{- range $key, $value := . }}{{ if not (kindIs "invalid" $value) }}{{ $_ := set $kept $key $value }}{{ end }}{{ end -}}
{{- toYaml $kept -}}
{{- end -}}

{{/* The annotations of an object: `list . OWN`, those of all objects and its own. Nothing where there are none. */}}
{{- define "guise.annotations" -}}
{{- $all := merge (dict) (index . 1) (index . 0).Values.commonAnnotations -}}
{{- if $all }}
annotations: {{- toYaml $all | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "guise.configMap" -}}
{{- .Values.existingConfigMap | default (include "guise.fullname" .) -}}
{{- end -}}

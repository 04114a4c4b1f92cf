{{/* The text of routes.config.yaml: the user's own where it is text. */}}
{{- define "guise.config" -}}
{{- $config := required "config: say what the gateway needs to know, with --set-file config=routes.config.yaml or as YAML below `config`" .Values.config -}}
{{- if kindIs "string" $config -}}{{ $config }}{{- else -}}{{ toYaml $config }}{{- end -}}
{{- end -}}

{{/* The same as JSON, for looking into it; nothing is known of a ConfigMap that isn't the chart's. */}}
{{- define "guise.configJson" -}}
{{- if .Values.existingConfigMap }}{{ dict | toJson }}{{ else }}
{{- $config := include "guise.config" . | fromYaml -}}
{{- if hasKey $config "Error" }}{{ fail (printf "config: this is no YAML: %s" $config.Error) }}{{ end -}}
{{- toJson $config -}}
{{- end -}}
{{- end -}}

{{/* What can't work is refused here, before anything reaches the cluster. */}}
{{- define "guise.check" -}}
{{- $config := include "guise.configJson" . | fromJson -}}
{{- if and .Values.existingConfigMap .Values.config }}{{ fail "config: leave it out, or existingConfigMap; the gateway reads one of them" }}{{ end }}
{{- if not .Values.existingConfigMap }}
{{- if not (hasKey $config "identity") }}{{ fail "config: `identity` is missing; `guise check` names everything that is" }}{{ end }}
{{- if not (or (hasKey $config "upstream") (hasKey $config "apps")) }}
  {{- fail "config: `upstream` is missing (or `apps`, where there are several); `guise check` names everything that is" }}
{{- end }}
{{- end }}
{{- if gt (int .Values.replicas) 1 }}
  {{- if not (or .Values.existingConfigMap (and (kindIs "map" $config.store) (hasKey $config.store "redis"))) }}
    {{- fail (printf "replicas: %d gateways have to share their impersonations: add `store: { redis: { url: { fromEnv: REDIS_URL } } }` to the config and REDIS_URL to `secrets`, or set replicas to 1" (int .Values.replicas)) }}
  {{- end }}
  {{- if not .Values.keys.secret }}
    {{- fail (printf "keys.secret: %d gateways have to share their keys: put the files of the folder `keys` into a Secret and name it here (docs/deploy.md shows how), or set replicas to 1" (int .Values.replicas)) }}
  {{- end }}
{{- end }}
{{- $named := list }}
{{- range .Values.env }}{{ $named = append $named .name }}{{ end }}
{{- range $place := regexFindAll `"fromEnv":"[A-Za-z0-9_]+"` (toJson $config) -1 }}
  {{- $name := $place | trimPrefix `"fromEnv":"` | trimSuffix `"` }}
  {{- if not (or (hasKey $.Values.secrets $name) (has $name $named) $.Values.envFrom) }}
    {{- fail (printf "secrets: the config reads the variable %s, and nothing sets it: add `%s: { name: SECRET, key: KEY }`" $name $name) }}
  {{- end }}
{{- end }}
{{- if and .Values.networkPolicy.app.enabled (not .Values.networkPolicy.app.labels) }}
  {{- fail "networkPolicy.app.labels: name the labels of the app's pods; without any the policy would cover the whole namespace" }}
{{- end }}
{{- if and .Values.networkPolicy.guise.enabled (not .Values.networkPolicy.guise.from) }}
  {{- fail "networkPolicy.guise.from: name who may reach the gateway, such as the ingress controller; without anybody no browser gets in" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
  {{- fail "ingress.hosts: name the hosts that browsers use; without any the Ingress would take every name of the cluster" }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
  {{- fail "httpRoute.parentRefs: name the Gateway that leads here; without one the route is never used" }}
{{- end }}
{{- if and (or .Values.metrics.serviceMonitor.enabled .Values.metrics.prometheusRule.enabled) (not .Values.metrics.enabled) }}
  {{- fail "metrics.enabled: serviceMonitor and prometheusRule need it; without it nothing shows the metrics" }}
{{- end }}
{{- end -}}

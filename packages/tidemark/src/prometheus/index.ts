export { type PrometheusOptions, prometheusText } from "./prometheus-text.ts";

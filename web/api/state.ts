// Types of the snapshot of everything that runs. See docs/local-api.md.

export interface Snapshot {
  started_at: number;
  now: number;
  clock_offset_ms: number;
  addresses: Record<string, string>;
  products: Product[];
  /** Pages on origins of their own. */
  sites: { name: string; title: string; url: string; csp_reports: number }[];
  functions: FunctionState[];
  queues: Queue[];
  rules: Rule[];
  schedules: Schedule[];
  tables: { name: string; items: number }[];
  buckets: { name: string; objects: number }[];
  /** How many mails are kept, and the number of the latest. */
  mails: { count: number; latest: number };
  tenant_violations: TenantViolation[];
  aws_calls: AwsCall[];
  metrics: Metric[];
}

export interface Product {
  name: string;
  title: string;
  text: string;
  href: string;
  /** Further pages. */
  pages: { title: string; href: string }[];
}

export interface FunctionState {
  name: string;
  service: string | null;
  logical_id: string;
  triggers: string[];
  state: "ready" | "building" | "missing" | "broken";
  message: string | null;
  instances: number;
  in_flight: number;
  concurrency: number;
  timeout_ms: number;
  memory_mb: number;
  invocations: number;
  cold_starts: number;
  errors: number;
  timeouts: number;
  throttles: number;
  last_at: number | null;
  duration_ms: { last: number | null; p50: number | null; p99: number | null } | null;
  recent_ms: number[];
}

export interface Queue {
  name: string;
  fifo: boolean;
  dlq: string | null;
  is_dlq: boolean;
  consumer: string | null;
  visible: number;
  in_flight: number;
  delayed: number;
  oldest_age_ms: number | null;
}

export interface QueueMessage {
  message_id: string;
  group: string | null;
  body: string;
  attributes: Record<string, unknown>;
  sent_at: number;
  receives: number;
  state: "visible" | "in_flight" | "delayed";
  visible_at: number;
}

export interface Rule {
  name: string;
  bus: string;
  pattern: unknown;
  targets: string[];
  matched: number;
  failed: number;
}

export interface Schedule {
  name: string;
  expression: string;
  timezone: string;
  target: string;
  next_at: number | null;
  last_at: number | null;
}

/** An invocation that touched keys of several tenants. */
export interface TenantViolation {
  function: string;
  invocation: string;
  tenants: string[];
  /** The calls that touched the first tenant and another one. */
  first: string;
  second: string;
  at: number;
}

export interface AwsCall {
  service: string;
  operation: string;
  /** A function, or `outside`. */
  caller: string;
  count: number;
  errors: number;
  /** How many of the errors were requested by a test. */
  conditions: number;
  read_units: number;
  write_units: number;
}

export interface Metric {
  namespace: string;
  name: string;
  function: string;
  unit: string;
  total: number;
  last_at: number;
}

export interface Trace {
  correlation_id: string;
  first_at: number;
  last_at: number;
  entries: number;
  errors: number;
  title: string;
}

export interface Entry {
  seq: number;
  at: number;
  correlation_id: string;
  kind: "http" | "queue" | "function" | "provider" | "event" | "schedule";
  name: string;
  text: string;
  ok: boolean;
  duration_ms: number | null;
  ref: string | null;
}

export type Level = "DEBUG" | "INFO" | "WARN" | "ERROR";

export interface LogLine {
  seq: number;
  at: number;
  function: string;
  level: Level;
  text: string;
  correlation_id: string | null;
  request_id: string | null;
  fields: Record<string, unknown>;
}

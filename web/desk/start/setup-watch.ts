// Watches the setup of a workspace until it is ready.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Provisioning, SetupRequest, Tenant } from "../contract";
import type { Desk } from "../desk";
import { toProblem } from "../problem";
import { pathOf } from "../request";

const POLL_MS = 1_500;

export class SetupWatch implements ReactiveController {
  progress: Provisioning | null = null;
  problem = "";
  #desk: Desk | null = null;
  #ready = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {}

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }

  watch(desk: Desk, ready: () => void): void {
    this.#desk = desk;
    this.#ready = ready;
    void this.#look();
  }

  /** Looks again, and has a setup that was given up go on. */
  retry(): void {
    const hasFailed = this.progress?.state === "failed";
    this.problem = "";
    this.host.requestUpdate();
    void (hasFailed ? this.#goOn() : this.#look());
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const desk = this.#desk;
    if (!desk) return;
    try {
      const tenant = await desk.api.get<Tenant>(pathOf("tenants", desk.me.tenantId));
      this.#take(tenant.provisioning ?? null);
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.host.requestUpdate();
  }

  async #goOn(): Promise<void> {
    const desk = this.#desk;
    if (!desk) return;
    const path = pathOf("tenants", desk.me.tenantId, "provision");
    try {
      this.#take(
        await desk.api.post<Provisioning>(path, { isolation: "pooled" } satisfies SetupRequest),
      );
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.host.requestUpdate();
  }

  /** A workspace without a setup was made before there were any. */
  #take(progress: Provisioning | null): void {
    this.progress = progress;
    if (progress === null || progress.state === "ready") {
      this.#ready();
      return;
    }
    if (progress.state === "failed") {
      this.problem = `The setup stopped (${progress.code ?? progress.current}). Nothing is lost: it goes on where it stopped.`;
      return;
    }
    this.#timer = setTimeout(() => void this.#look(), POLL_MS);
  }
}

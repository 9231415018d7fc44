// Events of the device that a room reacts to: visibility, network, width, other tabs, and the on-screen keyboard.

export interface DeviceHandlers {
  hidden(): void;
  /** The page is visible again, or the network is back. */
  visible(): void;
  offline(): void;
  widthChanged(): void;
  /** Another tab has stored a value. */
  stored(name: string): void;
}

export class DeviceEvents {
  #abort: AbortController | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly wide: MediaQueryList,
    private readonly handlers: DeviceHandlers,
  ) {}

  start(): void {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const resumed = () => (document.hidden ? this.handlers.hidden() : this.handlers.visible());
    const stored = ({ key }: StorageEvent) => key !== null && this.handlers.stored(key);
    document.addEventListener("visibilitychange", resumed, { signal });
    addEventListener("online", resumed, { signal });
    addEventListener("pageshow", resumed, { signal });
    addEventListener("offline", () => this.handlers.offline(), { signal });
    addEventListener("storage", stored, { signal });
    visualViewport?.addEventListener("resize", this.#fit, { signal });
    visualViewport?.addEventListener("scroll", this.#fit, { signal });
    this.wide.addEventListener("change", () => this.handlers.widthChanged(), { signal });
    this.#fit();
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
  }

  /** A phone's keyboard covers the page; the room uses the remaining viewport. */
  #fit = (): void => {
    if (!visualViewport || visualViewport.scale > 1.01) return;
    this.host.style.setProperty("--view-height", `${visualViewport.height}px`);
    this.host.style.setProperty("--view-top", `${visualViewport.offsetTop}px`);
  };
}

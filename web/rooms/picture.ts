// A room's photo, with its thumbhash as placeholder, or the room's colour.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base } from "../ui/base";
import { icon } from "../ui/icons";
import { isWeb } from "../ui/web";
import type { Picture } from "./contract";
import { decodeThumbhash } from "./thumbhash";

const MIN_CHROMA = 0.015;

/** The room's tint: its photo's hue, or one derived from its code. */
export function roomHue(code: string, photo: Picture | null): number {
  const thumb = photo ? decodeThumbhash(photo.thumbhash) : null;
  if (thumb && thumb.chroma > MIN_CHROMA) return thumb.hue;
  return [...code].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7) % 360;
}

function placeOf(url: string): string {
  return url.replace(/\?.*/s, "");
}

@customElement("room-picture")
export class RoomPicture extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: relative;
        display: grid;
        place-items: center;
        overflow: hidden;
        background: light-dark(oklch(0.9 0.04 var(--hue, 60)), oklch(0.32 0.04 var(--hue, 60)));
        color: light-dark(oklch(0.45 0.08 var(--hue, 60)), oklch(0.8 0.07 var(--hue, 60)));
      }
      canvas,
      img {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
      }
      img {
        transition: opacity var(--quick);
      }
      img.coming {
        opacity: 0;
      }
    `,
  ];

  @property({ attribute: false }) photo: Picture | null = null;
  @property() code = "";
  /** Alternative text; decorative when empty. */
  @property() words = "";
  @property({ type: Boolean }) large = false;
  @state() private here = "";
  @state() private gone = "";
  @query("canvas") private canvas!: HTMLCanvasElement | null;

  override updated(changed: PropertyValues<this>): void {
    this.style.setProperty("--hue", String(roomHue(this.code, this.photo)));
    if (!changed.has("photo") || !this.canvas) return;
    const thumb = this.photo && decodeThumbhash(this.photo.thumbhash);
    if (!thumb) return;
    Object.assign(this.canvas, { width: thumb.width, height: thumb.height });
    this.canvas
      .getContext("2d")
      ?.putImageData(new ImageData(thumb.rgba, thumb.width, thumb.height), 0, 0);
  }

  override render() {
    const { photo } = this;
    const url = photo ? (this.large ? photo.url : photo.small_url) : "";
    if (!photo || !isWeb(url)) return icon("chat");
    // URLs are signed anew each time: an equal path is the loaded picture.
    const shown = placeOf(this.here) === placeOf(url) ? this.here : url;
    return html`<canvas aria-hidden="true"></canvas>
      ${
        this.gone === url
          ? nothing
          : html`<img class=${this.here === shown ? "" : "coming"} src=${shown} alt=${this.words} decoding="async" @load=${() => (this.here = shown)} @error=${() => (this.gone = url)} />`
      }`;
  }
}

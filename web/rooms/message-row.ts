// One message in its row: bubble, quote, reactions, tools and delivery state.
import { html, nothing, type TemplateResult } from "lit";
import { now } from "../ui/clock";
import { plural } from "../ui/format";
import { icon } from "../ui/icons";
import { linked, onlyEmoji } from "../ui/text";
import { avatar } from "./avatar";
import { type Blocked, isBlocked } from "./blocks";
import type { Pending, RoomChannel } from "./channel";
import type { Money } from "./contract";
import { userHue } from "./names";
import type { ReactionPicker } from "./reaction-picker";
import { emojis, isOn } from "./reactions";
import type { Group, Item } from "./thread";
import { busyText, fullTime, messageAge, priceOf, tipText } from "./words";

/** The list that a row belongs to. */
export interface MessageList {
  readonly channel: RoomChannel;
  readonly me: string;
  readonly hostId: string;
  readonly mayTalk: boolean;
  readonly blocked: Blocked[];
  readonly newFrom: number;
  readonly picker: ReactionPicker;
  /** Messages of blocked users that are shown nevertheless. */
  readonly revealed: readonly string[];
  reveal(group: Group): void;
  goTo(seq: number): void;
  answer(item: Item): void;
  more(item: Item): void;
  react(item: Item, emoji: string, on: boolean): void;
}

/**
 * Renders one row. A group's header and footer live in its first and last rows, so that rows keep
 * their identity.
 */
export function rowView(
  list: MessageList,
  group: Group,
  index: number,
  isActive: boolean,
): TemplateResult {
  const item = group.items[index];
  const latest = group.items.at(-1);
  if (!item || !latest) return html``;
  const first = index === 0;
  const last = index === group.items.length - 1;
  const divider =
    list.newFrom > 0 && item.seq === list.newFrom ? html`<p class="new">New</p>` : nothing;
  if (item.isBlocked && !list.revealed.includes(item.key)) {
    if (!first) return html`<li hidden></li>`;
    return html`<li class="row" data-key=${item.key}>
      ${divider}
      <p class="veil">
        ${plural(group.items.length, "message")} from someone you blocked ·
        <button class="link" type="button" @click=${() => list.reveal(group)}>Show</button>
      </p>
    </li>`;
  }
  const time = html`<time class="when" datetime=${new Date(latest.at).toISOString()} title=${fullTime(latest.at)}>${messageAge(latest.at, now())}</time>`;
  if (item.tip)
    return html`<li class="row gift">${divider} ${giftView(list, item, item.tip, isActive, time)}</li>`;
  const side = item.isMine ? "mine" : "theirs";
  return html`<li class="row ${side} ${first ? "first" : ""} ${last ? "last" : ""}" .style=${`--own:${userHue(item.userId)}`}>
    ${divider} ${last && !item.isMine ? avatar(item.userId, item.username) : nothing}
    ${first && !item.isMine ? html`<p class="who"><b><bdi>${item.username}</bdi></b>${item.userId === list.hostId ? html`<span class="role">Host</span>` : nothing}${time}</p>` : nothing}
    ${messageView(list, item, isActive)} ${last && item.isMine ? stateView(list, item, time) : nothing}
  </li>`;
}

/** Delivery state of one's latest messages. */
function stateView(list: MessageList, item: Item, time: TemplateResult): TemplateResult {
  const { pending } = item;
  if (pending?.problem) return html``;
  if (!pending || pending.seq !== null) return html`<p class="state">${time}</p>`;
  const sendsAt = list.channel.sender.retryAt;
  if (sendsAt !== null && sendsAt > now())
    return html`<p class="state" role="status">${busyText("Sending", sendsAt, now())}</p>`;
  if (!list.channel.sender.isStuck) return html`<p class="state">Sending</p>`;
  return html`<p class="state failed" role="status">
    <span>Not sent yet, still trying.</span>
    <span>
      <button class="link" type="button" @click=${() => list.channel.retry(pending.client_msg_id)}>Try now</button>
      <button class="link" type="button" @click=${() => list.channel.discard(pending.client_msg_id)}>Remove</button>
    </span>
  </p>`;
}

function failedView(list: MessageList, { client_msg_id, problem }: Pending): TemplateResult {
  return html`<p class="state failed" role="alert">
    <span>Not sent. ${problem}</span>
    <span>
      <button class="link" type="button" @click=${() => list.channel.retry(client_msg_id)}>Try again</button>
      <button class="link" type="button" @click=${() => list.channel.discard(client_msg_id)}>Remove</button>
    </span>
  </p>`;
}

function messageView(list: MessageList, item: Item, isActive: boolean): TemplateResult {
  const { pending } = item;
  const underway = pending !== null && pending.problem === "" && pending.seq === null;
  const isBig = !item.isDeleted && onlyEmoji(item.text);
  return html`<div class="message ${underway ? "underway" : ""}" data-key=${item.key} data-seq=${item.seq ?? nothing}>
    <div class="line">
      <div class="bubble ${isBig && !item.replyTo ? "emoji" : ""} ${item.isDeleted ? "deleted" : ""}" title=${fullTime(item.at)} @click=${(event: MouseEvent) => openOnTap(list, event, item)}>
        <span class="only-read">${item.isMine ? "You" : item.username}: </span>
        ${item.replyTo && !item.isDeleted ? quoteView(list, item.replyTo) : nothing}
        ${item.isDeleted ? html`<p class="text">This message was deleted.</p>` : html`<p class="text" dir="auto">${linked(item.text)}</p>`}
      </div>
      ${pending ? nothing : toolsView(list, item, isActive)}
    </div>
    ${item.reactions.length > 0 && !item.isDeleted ? reactionsView(list, item) : nothing}
    ${pending?.problem ? failedView(list, pending) : nothing}
  </div>`;
}

/** Renders a tip: an announcement, not a quote. */
function giftView(
  list: MessageList,
  item: Item,
  tip: Money,
  isActive: boolean,
  time: TemplateResult,
): TemplateResult {
  const toYou = list.hostId === list.me;
  return html`<div class="message" data-key=${item.key} data-seq=${item.seq}>
    <div class="line">
      <p class="bubble tip" title=${fullTime(item.at)} @click=${(event: MouseEvent) => openOnTap(list, event, item)}>
        ${icon("tip")} <span dir="auto"><b><bdi>${item.isMine ? "You" : item.username}</bdi></b> gave ${toYou ? "you " : nothing}<b class="amount">${priceOf(tip)}</b></span> ${time}
      </p>
      ${toolsView(list, item, isActive)}
    </div>
    ${item.reactions.length > 0 ? reactionsView(list, item) : nothing}
  </div>`;
}

function quoteView(
  list: MessageList,
  { seq, username, text }: NonNullable<Item["replyTo"]>,
): TemplateResult {
  const original = list.channel.log.get(seq);
  const isHidden = isBlocked(list.blocked, original?.user_id ?? "", username);
  const said = original?.tip ? tipText(username, original.tip, list.hostId === list.me) : text;
  const words =
    original?.is_deleted || (text === "" && !original?.tip)
      ? "Deleted message"
      : isHidden
        ? "Message from someone you blocked"
        : said;
  return html`<button class="quote" type="button" title="Go to the quoted message" @click=${() => list.goTo(seq)}>
    <span class="only-read">Replying to </span><b><bdi>${username}</bdi></b><span dir="auto">${words}</span>
  </button>`;
}

function reactionsView(list: MessageList, item: Item): TemplateResult {
  return html`<div class="reactions" role="group" aria-label="Reactions">
    ${item.reactions.map(({ emoji, count, users }) => {
      const mine = users.includes(list.me);
      return html`<button type="button" aria-pressed=${mine} aria-label="${emoji} ${count}" title=${namesOf(list, users, count)} ?disabled=${!list.mayTalk} @click=${() => list.react(item, emoji, !mine)}>
        <span class="glyph">${emoji}</span> <span>${count}</span>
      </button>`;
    })}
  </div>`;
}

function namesOf(list: MessageList, users: string[], count: number): string {
  const known = new Map(
    list.channel.log.visible.map(({ user_id, username }) => [user_id, username]),
  );
  const names = users.flatMap((user) => (user === list.me ? "You" : (known.get(user) ?? [])));
  const others = count - names.length;
  return [...names, ...(others > 0 ? [`${others} more`] : [])].join(", ");
}

function toolsView(list: MessageList, item: Item, isActive: boolean): TemplateResult {
  const tab = isActive ? 0 : -1;
  const open = list.picker.key === item.key;
  const says = list.mayTalk && !item.isDeleted;
  return html`<div class="tools ${open ? "open" : ""}">
      ${
        says
          ? html`<button class="button bare icon-only smile" type="button" tabindex=${tab} aria-label="React" title="React" aria-expanded=${open} @click=${(event: Event) => list.picker.toggle(event, item.key)}>${icon("smile")}</button>
            <button class="button bare icon-only" type="button" tabindex=${tab} aria-label="Reply" title="Reply" @click=${() => list.answer(item)}>${icon("reply")}</button>`
          : nothing
      }
      <button class="button bare icon-only more" type="button" tabindex=${tab} aria-label="More" title="More" aria-haspopup="dialog" @click=${() => list.more(item)}>${icon("more")}</button>
    </div>
    ${
      open
        ? html`<div class="emojis ${list.picker.isBelow ? "below" : ""}" role="group" aria-label="Reactions" @keydown=${(event: KeyboardEvent) => list.picker.onKey(event)}>
          ${emojis.map((emoji) => {
            const on = isOn(item.reactions, emoji, list.me);
            return html`<button type="button" aria-pressed=${on} aria-label=${emoji} @click=${() => list.react(item, emoji, !on)}>${emoji}</button>`;
          })}
        </div>`
        : nothing
    }`;
}

/** On touch screens, tapping a message opens its actions. */
function openOnTap(list: MessageList, event: MouseEvent, item: Item): void {
  if (item.pending || !matchMedia("(hover: none)").matches) return;
  if ((event.target as Element).closest("a, button")) return;
  if (String(document.getSelection()) === "") list.more(item);
}

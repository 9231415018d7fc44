// The scroll position of the messages: at the end, until the visitor reads further up.

const END_MARGIN_PX = 60;
const START_MARGIN_PX = 150;

export function createScroll(moved: () => void, nearStart: () => void) {
  let element: HTMLElement | null = null;
  let atEnd = true;
  let top = 0;
  /** The first number that is shown; 0 before a conversation, which is read from its top. */
  let start = 0;
  const resizes = new ResizeObserver(() => stick());

  function stick(): void {
    if (!element || !atEnd || start === 0) return;
    element.scrollTop = element.scrollHeight;
    top = element.scrollTop;
  }

  function scrolled(): void {
    if (!element) return;
    const { scrollHeight, scrollTop, clientHeight } = element;
    if (scrollTop < START_MARGIN_PX) nearStart();
    const wasAtEnd = atEnd;
    atEnd = scrollHeight - scrollTop - clientHeight < END_MARGIN_PX;
    if (atEnd !== wasAtEnd) moved();
  }

  return {
    atEnd: () => atEnd,
    scrolled,
    toEnd(): void {
      atEnd = true;
      stick();
      moved();
    },
    /** Draws, and keeps what is in view in its place when earlier messages were added above it. */
    draw(render: () => void, from: number): void {
      // A scroll whose event is still to come.
      if (element && element.scrollTop < top) scrolled();
      const fromEnd = element ? element.scrollHeight - element.scrollTop : 0;
      const isPrepended = from < start;
      // What is read above was not said now.
      if (element) element.ariaLive = isPrepended ? "off" : "polite";
      render();
      if (!element) {
        element = document.querySelector(".body");
        if (element) resizes.observe(element);
        if (element?.firstElementChild) resizes.observe(element.firstElementChild);
      } else if (!atEnd && isPrepended) element.scrollTop = element.scrollHeight - fromEnd;
      start = from;
      stick();
    },
  };
}

// Staying at the newest line, until the reader goes elsewhere.

const NEAR = 48;
const CLAMPED = 2; // pixels: the page shrank under the reader

const main = document.getElementById("main");
const button = document.querySelector(".jump");
let following = true;
let last = 0;

function isAtEnd(near = NEAR) {
  return main.scrollHeight - main.scrollTop - main.clientHeight < near;
}

// Scrolling up leaves, arriving at the end joins again; what grew below does neither.
main.addEventListener("scroll", () => {
  if (main.scrollTop < last) {
    following = following && isAtEnd(CLAMPED);
  } else if (isAtEnd()) {
    following = true;
  }
  last = main.scrollTop;
  show();
});

// A turn of the wheel counts before the page has moved, so that a fast reply cannot hold the reader.
main.addEventListener("wheel", (event) => {
  if (event.deltaY < 0 && main.scrollHeight > main.clientHeight) {
    following = false;
  }
}, { passive: true });

function show() {
  button.hidden = isAtEnd() || !main.querySelector(".messages");
}

// To be called after the page grew.
export function grew() {
  if (following && main.querySelector(".messages")) {
    main.scrollTop = main.scrollHeight;
    last = main.scrollTop;
  }
  show();
}

export function jump() {
  following = true;
  grew();
}

export function begin() {
  jump();
  const here = document.getElementById("here");
  following = !here;
  here?.focus();
}

// Older content came in above: what is read stays where it is.
export function keepPlace(insert) {
  const { scrollHeight, scrollTop } = main;
  insert();
  main.scrollTop = scrollTop + main.scrollHeight - scrollHeight;
  last = main.scrollTop;
}

// The header and the keyboard change how much room there is, pictures how much there is to see.
new ResizeObserver(grew).observe(main);
main.addEventListener("load", grew, true);

// Where a keyboard lies over the page instead of shrinking it, the composer stays above it.
visualViewport.addEventListener("resize", () => {
  const { scale, height } = visualViewport;
  if (scale === 1) {
    document.body.style.height = height < innerHeight - 1 ? `${height}px` : "";
  }
});

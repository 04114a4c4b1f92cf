import { WORDPRESS } from "./wordpress.ts";

/** A way to lay out a page that is known from the field. */
export interface Layout {
  readonly html: string;
  /** Runs in the page after it has loaded: what the app's own script does. */
  readonly script?: string;
  /** `#name` that the page is opened at. */
  readonly at?: string;
  /** Its first screen is as high as the window with the banner, so all after that comes later. */
  readonly later?: true;
  /** Its boxes that scroll are higher than in a smaller window, so they end with other lines. */
  readonly roomier?: true;
  /** A modal dialog makes the banner inert: it is seen, and elementFromPoint passes through it. */
  readonly modal?: true;
}

const LINES = Array.from(
  { length: 40 },
  (_, at) => `<p>Line ${at} of the page, <a href="#">link ${at}</a>.</p>`,
).join("");
const FEW = "<p>A line.</p><p><button>Do it</button></p>";
const BAR = "<a href='#'>Brand</a> <button>Menu</button>";

function page(css: string, body: string, attributes = ""): string {
  return `<!doctype html><html lang="en"${attributes}><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>a</title><style>body{margin:0}p{margin:0;padding:8px}${css}</style><body>${body}</body></html>`;
}

const HEADER = "header{position:fixed;top:0;left:0;right:0;height:56px;background:#dde}";

export const LAYOUTS: Readonly<Record<string, Layout>> = {
  plain: { html: page("", LINES) },
  "a short page": { html: page("", FEW) },
  "fixed header": {
    html: page(`${HEADER}main{padding-top:56px}`, `<header>${BAR}</header><main>${LINES}</main>`),
  },
  "fixed header and footer": {
    html: page(
      `${HEADER}main{padding:56px 0 40px}footer{position:fixed;inset:auto 0 0;height:40px;background:#ded}`,
      `<header>${BAR}</header><main>${LINES}</main><footer><button>Accept cookies</button></footer>`,
    ),
  },
  "bars on top of each other": {
    html: page(
      `${HEADER}nav{position:fixed;top:56px;left:0;right:0;height:40px;background:#edd}aside{position:fixed;top:96px;bottom:0;left:0;width:120px;background:#eee;overflow:auto}main{padding:96px 0 0 120px}`,
      `<header>${BAR}</header><nav><a href="#">Tab one</a> <a href="#">Tab two</a></nav><aside>${LINES}</aside><main>${LINES}</main>`,
    ),
  },
  "bars with styles of their own": {
    html: page(
      "main{padding-top:96px}",
      `<div style="position:fixed;top:0;left:0;right:0;height:56px;background:#dde">${BAR}</div><div style="position:fixed;top:56px;left:0;right:0;height:40px;background:#edd"><a href="#">Tab</a></div><main>${LINES}</main>`,
    ),
  },
  "sticky header": {
    html: page(
      "header{position:sticky;top:0;height:56px;background:#dde}",
      `<header>${BAR}</header><main>${LINES}</main>`,
    ),
  },
  "sticky header, bar and foot of the page": {
    html: page(
      "header{position:sticky;top:0;height:56px;background:#dde}nav{position:sticky;top:56px;background:#edd;height:40px}footer{position:sticky;bottom:0;height:40px;background:#ded}",
      `<header>${BAR}</header><nav><a href="#">Tab</a></nav><main>${LINES}</main><footer><button>Save</button></footer>`,
    ),
  },
  "sticky sidebar as high as the window": {
    html: page(
      "#app{display:flex}aside{position:sticky;top:0;height:100vh;display:flex;flex-direction:column;justify-content:space-between;background:#eee;align-self:flex-start}",
      `<div id="app"><aside><a href="#">Start</a><button>Account</button></aside><main>${LINES}</main></div>`,
    ),
  },
  "sticky heads in a scroller": {
    html: page(
      "#box{height:300px;overflow:auto;margin:20px}th{position:sticky;top:0;background:#dde}",
      `<p>Before</p><div id="box"><table><thead><tr><th>Name</th><th><button>Sort</button></th></tr></thead><tbody>${"<tr><td>a</td><td>b</td></tr>".repeat(60)}</tbody></table></div>${LINES}`,
    ),
  },
  "fixed in fixed": {
    html: page(
      `#shell{position:fixed;top:32px;left:0;right:0;bottom:0;background:#fff;overflow:auto}#bar{position:fixed;top:0;left:0;right:0;height:32px;background:#dde}#head{position:fixed;top:32px;left:0;right:0;height:48px;background:#edd}#body{padding-top:48px}`,
      `<div id="bar">${BAR}</div><div id="shell"><div id="head"><button>Publish</button></div><div id="body">${LINES}</div></div>`,
    ),
  },
  "fixed in something transformed": {
    html: page(
      "#drawer{position:fixed;top:0;bottom:0;left:0;width:200px;transform:translateX(0);background:#eee}#drawer header{position:fixed;top:0;left:0;width:200px;height:40px;background:#dde}#drawer footer{position:fixed;bottom:0;left:0;height:40px}main{margin-left:200px}",
      `<div id="drawer"><header>${BAR}</header><footer><button>Out</button></footer></div><main>${LINES}</main>`,
    ),
  },
  "shell of 100vh": {
    html: page(
      "#app{height:100vh;display:flex;flex-direction:column}header,footer{flex:none;height:48px;background:#dde}main{flex:1;overflow:auto}",
      `<div id="app"><header>${BAR}</header><main>${LINES}</main><footer><input placeholder="Write"><button>Send</button></footer></div>`,
    ),
  },
  "shell of 100dvh that doesn't scroll": {
    html: page(
      "html,body{height:100%;overflow:hidden}#app{height:100dvh;display:grid;grid-template-rows:48px 1fr 48px}header,footer{background:#dde}main{overflow:auto}",
      `<div id="app"><header>${BAR}</header><main>${LINES}</main><footer><button>Send</button></footer></div>`,
    ),
  },
  "header, and the rest of 100vh": {
    html: page(
      "header{height:64px;background:#dde}main{height:calc(100vh - 64px);display:flex;flex-direction:column}#list{flex:1;overflow:auto}",
      `<header>${BAR}</header><main><div id="list">${LINES}</div><div><button>Send</button></div></main>`,
    ),
  },
  "body as the scroller": {
    html: page(
      "html{height:100%;overflow:hidden}body{height:100%;overflow:auto}header{position:sticky;top:0;background:#dde;height:48px}",
      `<header>${BAR}</header>${LINES}`,
    ),
  },
  "100% all the way": {
    html: page(
      "html,body,#app{height:100%}#app{display:flex;flex-direction:column}main{flex:1;overflow:auto}footer{height:40px}",
      `<div id="app"><header>${BAR}</header><main>${LINES}</main><footer><button>Send</button></footer></div>`,
    ),
  },
  "a document of 100% with more in it": { html: page("html,body{height:100%}", LINES) },
  "a document of 100% with a little less in it than the window": {
    html: page(
      "html,body{height:100%}#all{position:relative;min-height:100%}#in{height:770px}footer{position:absolute;bottom:0}@media(max-width:1000px){#in{height:870px}}@media(max-width:500px){#in{height:610px}}",
      `<div id="all"><div id="in">${FEW}</div><footer><a href="#">Imprint</a></footer></div>`,
    ),
  },
  "the same with room of its own within its height, as in WordPress's admin": {
    html: page(
      "html{height:100%;box-sizing:border-box;padding-top:32px}body{height:100%}#all{position:relative;min-height:100%}#in{height:738px}footer{position:absolute;bottom:0}@media(max-width:1000px){#in{height:838px}}@media(max-width:500px){#in{height:578px}}",
      `<div id="all"><div id="in">${FEW}</div><footer><a href="#">Imprint</a></footer></div>`,
    ),
  },
  "min-height of 100vh": {
    html: page(
      "body{min-height:100vh;display:flex;flex-direction:column}main{flex:1}",
      `<header>${BAR}</header><main>${FEW}</main><footer><a href="#">Imprint</a></footer>`,
    ),
  },
  "a first screen of 100vh": {
    html: page(
      `${HEADER}#hero{height:100vh;display:grid;place-items:center;background:#eef}`,
      `<header>${BAR}</header><div id="hero"><h1>Welcome</h1></div>${LINES}`,
    ),
    later: true,
  },
  "anchors with scroll-padding": {
    html: page(
      `html{scroll-padding-top:64px}${HEADER}main{padding-top:56px}h2{margin:0}`,
      `<header>${BAR}</header><main>${LINES}<h2 id="there" tabindex="0">There</h2>${LINES}</main>`,
    ),
    at: "#there",
  },
  "admin bar by padding": {
    html: page(
      "html{padding-top:32px;box-sizing:border-box}#bar{position:fixed;top:0;left:0;right:0;height:32px;background:#222;color:#fff}",
      `<div id="bar">${BAR}</div>${LINES}`,
    ),
  },
  "admin bar by an important margin": {
    html: page(
      "html{margin-top:32px!important}#bar{position:fixed;top:0;left:0;right:0;height:32px;background:#222;color:#fff}",
      `<div id="bar">${BAR}</div>${LINES}`,
    ),
  },
  "admin bar by an important padding": {
    html: page(
      "html{padding-top:32px!important}#bar{position:fixed!important;top:0!important;margin:0!important;left:0;right:0;height:32px;background:#222;color:#fff}",
      `<div id="bar">${BAR}</div>${LINES}`,
    ),
  },
  "a frame around the page": {
    html: page("html{border:6px solid #dde}", LINES),
  },
  "placed absolutely": {
    html: page(
      "header{position:absolute;top:0;left:0;right:0;height:50px;background:#dde}aside{position:absolute;top:50px;bottom:0;left:0;width:120px;overflow:auto}main{position:absolute;top:50px;bottom:30px;left:120px;right:0;overflow:auto}footer{position:absolute;bottom:0;height:30px;left:120px}",
      `<header>${BAR}</header><aside>${LINES}</aside><main>${LINES}</main><footer><button>Send</button></footer>`,
    ),
  },
  "an absolute body": {
    html: page(
      "body{position:absolute;inset:0;overflow:hidden;display:flex;flex-direction:column}main{flex:1;overflow:auto}",
      `<header>${BAR}</header><main>${LINES}</main><footer><button>Send</button></footer>`,
    ),
  },
  "a modal dialog, as high as it may be": {
    html: page(
      "dialog{padding:8px}",
      `${LINES}<dialog><button>Close</button>${LINES}<button>Save</button></dialog>`,
    ),
    script: "document.querySelector('dialog').showModal()",
    modal: true,
  },
  "a modal in a layer over all": {
    html: page(
      "#layer{position:fixed;top:0;left:0;width:100%;height:100%;overflow:auto}#back{position:fixed;inset:0;background:rgb(0 0 0/50%)}#box{margin:28px auto;max-width:300px;background:#fff}",
      `${LINES}<div id="back"></div><div id="layer" tabindex="-1"><div id="box"><button>Close</button>${LINES}<button>Save</button></div></div>`,
    ),
  },
  "a modal in the middle": {
    html: page(
      "#box{position:fixed;top:50%;left:50%;transform:translate(-50%,-50%);max-height:90vh;overflow:auto;background:#fff;width:280px}#back{position:fixed;inset:0;background:rgb(0 0 0/50%)}",
      `${LINES}<div id="back"></div><div id="box"><button>Close</button>${LINES}<button>Save</button></div>`,
    ),
    roomier: true,
  },
  "messages in the corners": {
    html: page(
      "#a{position:fixed;top:16px;right:16px;background:#dfd}#b{position:fixed;bottom:16px;right:16px;background:#fdd}#c{position:fixed;inset:16px;pointer-events:none}#c div{position:absolute;top:0;left:0;background:#ffd;pointer-events:auto}#d{position:fixed;bottom:0;left:0;background:#ddf}",
      `${LINES}<div id="a"><button>Saved</button></div><div id="b"><button>Chat</button></div><div id="c"><div><button>Toast</button></div></div><div id="d"><button>Help</button></div>`,
    ),
  },
  "a frame over the whole window": {
    html: page(
      "iframe{position:fixed;inset:0;width:100%;height:100%;border:0}",
      `<iframe srcdoc="<p>in the frame"></iframe>`,
    ),
  },
  "a header in an open shadow root": {
    html: page(
      "",
      `<x-app></x-app>${LINES}<script type="module">customElements.define("x-app", class extends HTMLElement {
        connectedCallback() {
          this.attachShadow({ mode: "open" }).innerHTML = "<style>header{position:fixed;top:0;left:0;right:0;height:56px;background:#dde}</style><header><button>Menu</button></header>";
        }
      })</script>`,
    ),
  },
  "a header that comes late": {
    html: page(`${HEADER}main{padding-top:56px}`, `<main>${LINES}</main>`),
    script: `document.body.insertAdjacentHTML("afterbegin", "<header>${BAR}</header>")`,
  },
  "a header by a class of the document": {
    html: page(`.late ${HEADER}main{padding-top:56px}`, `<header>${BAR}</header><main>${LINES}</main>`),
    script: "document.documentElement.classList.add('late')",
  },
  "a header by a style that comes late": {
    html: page("main{padding-top:56px}", `<header>${BAR}</header><main>${LINES}</main>`),
    script: `document.head.append(Object.assign(document.createElement("style"), { textContent: "${HEADER}" }))`,
  },
  "a header by what stands before it": {
    html: page(
      `.late ~ ${HEADER}main{padding-top:56px}`,
      `<i></i><header>${BAR}</header><main>${LINES}</main>`,
    ),
    script: "document.querySelector('i').className = 'late'",
  },
  "a body held still by a script": {
    html: page(HEADER, `<header>${BAR}</header>${LINES}`),
    script: "document.body.style.cssText = 'position:fixed;top:-200px;left:0;right:0'",
  },
  "a document laid out in a row": { html: page("html{display:flex}body{flex:1}", LINES) },
  "right to left": {
    html: page(
      `${HEADER}main{padding-top:56px}`,
      `<header>${BAR}</header><main>${LINES}</main>`,
      ' dir="rtl"',
    ),
  },
  quirks: {
    html: `<title>a</title><style>#h{position:fixed;top:0;height:40px;background:#dde;width:100%}</style><body><div id="h">${BAR}</div>${LINES}`,
  },
  ...WORDPRESS,
};

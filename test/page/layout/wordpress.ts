import type { Layout } from "./pages.ts";

const ROWS = Array.from({ length: 50 }, (_, at) => `<p>Row ${at} <a href="#">Edit</a></p>`).join("");
const ADMIN_BAR = `<div id="wpadminbar"><a href="#">Site</a> <a href="#">New</a> <a href="#">Howdy</a></div>`;
const CSS = `body{margin:0;height:100%}
p{margin:0;padding:8px}
html.wp-toolbar{padding-top:32px;box-sizing:border-box}
#wpadminbar{position:fixed;top:0;left:0;width:100%;height:32px;background:#1d2327;color:#fff;z-index:99999}
#adminmenuback{position:fixed;top:0;bottom:-120px;left:0;width:160px;background:#1d2327;z-index:1}
#adminmenuwrap{position:relative;float:left;z-index:9990}
#adminmenu{width:160px;margin:12px 0;color:#fff}
#wpcontent{margin-left:160px}
@media (max-width:782px){html.wp-toolbar{padding-top:46px}#wpadminbar{height:46px}#adminmenuback,#adminmenuwrap{display:none}#wpcontent{margin-left:0}}
@media (max-width:600px){#wpadminbar{position:absolute}}`;

function admin(css: string, content: string, html = ' class="wp-toolbar"'): string {
  return `<!doctype html><html lang="en"${html}><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>a</title><style>${CSS}${css}</style><body>${content}</body></html>`;
}

const MENU = `<div id="adminmenumain"><div id="adminmenuback"></div><div id="adminmenuwrap"><div id="adminmenu"><p><a href="#">Posts</a></p><p><a href="#">Media</a></p></div></div></div>`;

/** The geometry of WordPress 6.1's three layouts, in markup of our own. The running one is in `test/apps/`. */
export const WORDPRESS: Readonly<Record<string, Layout>> = {
  "WordPress: a list": {
    html: admin(
      "#screen-meta-links{float:right}",
      `${MENU}<div id="wpcontent">${ADMIN_BAR}<div id="screen-meta-links"><button>Screen Options</button></div><h1>Posts</h1>${ROWS}</div>`,
    ),
  },
  "WordPress: its front": {
    html: admin(
      "html{margin-top:32px!important}@media (max-width:782px){html{margin-top:46px!important}}",
      `${ADMIN_BAR}${ROWS}`,
      "",
    ),
  },
  "WordPress: the block editor": {
    html: admin(
      `.skeleton{position:fixed;top:32px;left:160px;right:0;bottom:0;display:flex;max-height:100%}
       .editor{display:flex;flex-direction:column;flex:1}
       .head{flex:none;height:60px;background:#fff;border-bottom:1px solid}
       .body{flex:1;overflow:auto;position:relative;display:flex}
       .side{position:sticky;top:0;width:120px}
       .snackbars{position:fixed;left:0;right:0;bottom:40px}
       @media (max-width:782px){.skeleton{top:46px;left:0}}
       @media (max-width:600px){.skeleton{top:0}.head{position:fixed;top:0;left:0;right:0;background:#fff;z-index:30}.body{padding-top:60px}}`,
      `${MENU}<div id="wpcontent">${ADMIN_BAR}<div class="skeleton"><div class="editor"><div class="head"><button>Undo</button> <button>Publish</button></div><div class="body"><div>${ROWS}</div><div class="side"><button>Settings</button></div></div><div class="foot"><a href="#">Document</a></div></div></div><div class="snackbars"><button>Post saved</button></div></div>`,
    ),
  },
  "WordPress: the Customizer": {
    html: admin(
      `html,body{height:100%;overflow:hidden}
       .overlay{position:fixed;top:0;right:0;bottom:0;left:0;height:100%;min-width:0;background:#fff;z-index:500000;margin-left:300px}
       .sidebar{position:fixed;width:300px;height:100%;top:0;bottom:0;left:0;z-index:10;background:#eee}
       .head{position:absolute;left:0;right:0;height:45px;background:#ddd}
       .content{position:absolute;top:45px;bottom:45px;left:0;right:0;overflow:auto}
       .foot{position:fixed;bottom:0;left:0;width:300px;height:45px;background:#ddd}
       .preview{position:absolute;inset:0}
       .preview iframe{position:absolute;width:100%;height:100%;border:0}
       @media (max-width:640px){.overlay{margin-left:0}.sidebar,.foot{width:100%}.preview{display:none}}`,
      `<div class="overlay"><form class="sidebar"><div class="head"><button>Close</button> <button>Publish</button></div><div class="content">${ROWS}</div><div class="foot"><button>Hide Controls</button></div></form><div class="preview"><iframe srcdoc="<p>the front"></iframe></div></div>`,
      "",
    ),
  },
};

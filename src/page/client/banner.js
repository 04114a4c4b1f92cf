import { startAddresses } from "./addresses.js";
import { startAttend } from "./attend.js";
import { startClock } from "./clock.js";
import { startCookies } from "./cookies.js";
import { startDisable } from "./disable.js";
import { awaitStyles, bannerRead, takeBanner } from "./element.js";
import { startLayout } from "./layout/layout.js";
import { startLogout } from "./logout.js";
import { startMark } from "./mark.js";
import { startRefused } from "./refused.js";
import { startRemember } from "./remember.js";
import { startSignal } from "./signal.js";
import { startTab, tellStopped } from "./tab.js";
import { startTitle } from "./title.js";
import { startWatch } from "./watch.js";

/** @param {HTMLScriptElement} script */
async function start(script) {
  await bannerRead();
  const banner = takeBanner(script);
  script.remove();
  if (banner === null) {
    location.replace(new URL("stop", script.src));
    return;
  }
  startAddresses(banner);
  if (banner.config.impersonation !== null) {
    startSignal(banner);
    startCookies(banner);
    startTitle(banner);
  }
  await awaitStyles(banner);
  if (banner.config.impersonation !== null) startRemember(banner);
  const roomless = banner.styled ? startLayout(banner) : () => undefined;
  if (banner.config.impersonation === null) {
    startNotice(banner, roomless);
    return;
  }
  startWatch(banner);
  const check = startTab(banner);
  const used = startClock(banner, check);
  startMark(banner, {
    attended: startAttend(),
    used,
    over: () => void check(),
    ...startRefused(banner),
  });
  // Once more, since what is turned has to be marked as well.
  startAddresses(banner);
  startDisable(banner);
  startLogout(banner);
}

/**
 * @param {import("./element.js").Banner} banner
 * @param {() => void} roomless
 */
function startNotice({ host, root }, roomless) {
  tellStopped();
  const close = root.querySelector(".close");
  if (!(close instanceof HTMLElement)) return;
  close.hidden = false;
  close.addEventListener("click", () => {
    host.remove();
    roomless();
  });
}

if (document.currentScript instanceof HTMLScriptElement) void start(document.currentScript);

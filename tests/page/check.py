#!/usr/bin/env python3
"""Looks at result pages in a real browser: python3 tests/page/check.py [--shots DIR] [--axe FILE] PAGE...

Each page is opened at 390, 768 and 1280 pixels, light and dark, without its script, and printed. Told are:
what is larger than 1.5 MB, what sticks out of the page, texts of a picture that touch each other, type below
12 pixels, messages of the console, requests to anywhere, findings of axe-core, and whether the script does
what it is for (strategies off everywhere, the state back after a reload). It ends with 1 if anything was found, with 0 if nothing was,
and with 77 where Playwright or Chromium is missing.

It needs the Python package `playwright` and a Chromium (CHROMIUM=path, else what is on the PATH); for
axe-core, its file axe.min.js (AXE=path or --axe).
"""

import argparse
import os
import pathlib
import shutil
import sys
import time

WIDTHS = (390, 768, 1280)
HEIGHT = 800
# Bytes of a page.
MOST = 1_500_000

# Texts of one picture that touch, and type that is too small: what is seen, not what is meant.
LOOK = """
() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) {
    const out = [...document.querySelectorAll('body *')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.right > innerWidth + 1 && !e.closest('.scroll, .ctl, .vh, .st thead') && box.width > 0;
    });
    found.push(`${wide} px wider than the window: ` + out.slice(0, 3).map((e) => e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + e.textContent.slice(0, 30)).join(' | '));
  }
  const seen = (e) => { const box = e.getBoundingClientRect(); return box.width > 0 && box.height > 0 && getComputedStyle(e).visibility !== 'hidden'; };
  for (const svg of document.querySelectorAll('svg')) {
    if (svg.parentElement.closest('svg')) continue;
    const texts = [...svg.querySelectorAll('text')].filter(seen).map((e) => [e.getBoundingClientRect(), e.textContent]);
    texts.forEach(([a, one], at) => texts.slice(0, at).forEach(([b, other]) => {
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left), y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1 && y > 3) found.push(`texts touch: "${one}" and "${other}" in "${svg.getAttribute('aria-label') || ''}"`);
    }));
    for (const [box, one] of texts) if (box.right > innerWidth + 1 || box.left < -1) found.push(`text cut: "${one}"`);
  }
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (own && seen(e) && parseFloat(getComputedStyle(e).fontSize) < 11.99) { found.push('type below 12 px: ' + e.tagName + ' ' + e.textContent.slice(0, 30)); break; }
  }
  for (const e of document.querySelectorAll('td, th')) {
    const box = e.getBoundingClientRect();
    if (box.width > 4 && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).display !== 'none' && !e.querySelector('svg') && !e.closest('.vh, thead')) { found.push('cut in a cell: ' + e.textContent.slice(0, 40)); break; }
  }
  return found;
}
"""

OFF = """
() => {
  const page = JSON.parse(document.body.dataset.page);
  const seen = (e) => e.getClientRects().length > 0;
  const number = page.strategies[page.strategies.length - 1][0];
  return [...document.querySelectorAll(`[data-s="${number}"]`)].filter(seen).length;
}
"""


def main():
    parser = argparse.ArgumentParser(description="looks at result pages in a browser")
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--shots", help="folder for pictures")
    parser.add_argument("--axe", default=os.environ.get("AXE"), help="axe.min.js of axe-core")
    asked = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return missing("the Python package playwright")
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        return missing("a Chromium")
    count = 0
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for name in asked.pages:
            findings = look_at(chromium, pathlib.Path(name).resolve(), asked)
            for finding in findings:
                print(f"{name}: {finding}")
            count += len(findings)
        chromium.close()
    print(f"{len(asked.pages)} pages, {count} findings")
    return 1 if count else 0


def missing(what):
    print(f"not looked at: {what} is missing", file=sys.stderr)
    return 77


def look_at(chromium, path, asked):
    size = path.stat().st_size
    found = [f"{size} bytes: more than can be mailed"] if size > MOST else []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            found += [f"{width} {scheme}: {what}" for what in one(chromium, path, width, scheme, asked)]
    found += [f"printed: {what}" for what in printed(chromium, path, asked)]
    found += [f"without script: {what}" for what in plain(chromium, path, asked)]
    found += [f"chosen: {what}" for what in chosen(chromium, path)]
    return found


def opened(chromium, path, width, scheme, found, script=True):
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, java_script_enabled=script, bypass_csp=False)
    page = context.new_page()
    page.on("console", lambda message: found.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("request", lambda request: None if request.url.startswith(path.as_uri()) else found.append(f"request: {request.url}"))
    start = time.monotonic()
    page.goto(path.as_uri())
    took = time.monotonic() - start
    if took > 5:
        found.append(f"took {took:.1f} s to load")
    return context, page


def one(chromium, path, width, scheme, asked):
    found = []
    context, page = opened(chromium, path, width, scheme, found)
    found += page.evaluate(LOOK)
    shoot(page, asked, path, f"{width}-{scheme}")
    context.close()
    return found + axe(chromium, path, width, scheme, asked)


def axe(chromium, path, width, scheme, asked, media="screen"):
    """With the policy lifted: axe-core is a script from elsewhere."""
    if not asked.axe:
        return []
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.emulate_media(media=media, color_scheme=scheme)
    page.goto(path.as_uri())
    page.add_script_tag(path=asked.axe)
    result = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    context.close()
    return [f"axe: {it['id']} ({len(it['nodes'])}): {it['nodes'][0]['html'][:140]}" for it in result["violations"]]


def printed(chromium, path, asked):
    found = []
    context, page = opened(chromium, path, 720, "light", found)
    for size in ("A4", "Letter"):
        bytes_of = page.pdf(format=size, prefer_css_page_size=False)
        if asked.shots and size == "A4":
            target(asked, path, "print", "pdf").write_bytes(bytes_of)
    page.emulate_media(media="print")
    found += [what for what in page.evaluate(LOOK) if not what.startswith("type below")]
    if page.locator(".metric").count() and not page.locator(".metric").last.is_visible():
        found.append("a deciding metric is not printed")
    context.close()
    return found + axe(chromium, path, 720, "light", asked, "print")


def plain(chromium, path, asked):
    found = []
    context, page = opened(chromium, path, 1280, "light", found, script=False)
    shoot(page, asked, path, "plain")
    if page.locator(".metric").count() and not page.locator(".metric").last.is_visible():
        found.append("a deciding metric is hidden")
    context.close()
    return found


def chosen(chromium, path):
    """A strategy that is switched off is gone everywhere, and stays so after a reload."""
    found = []
    context, page = opened(chromium, path, 1280, "light", found)
    chips = page.locator(".ctl button")
    if chips.count() > 1:
        chips.last.click()
        page.mouse.move(0, 0)
        if page.evaluate(OFF):
            found.append("a strategy that is off is still shown")
        page.reload()
        if page.evaluate(OFF):
            found.append("a reload forgets what is off")
    context.close()
    return found


def target(asked, path, what, ending):
    folder = pathlib.Path(asked.shots)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{path.parent.name}-{what}.{ending}"


def shoot(page, asked, path, what):
    if asked.shots:
        page.screenshot(path=target(asked, path, what, "png"), full_page=True)


if __name__ == "__main__":
    sys.exit(main())

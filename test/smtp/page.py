"""How a mail's HTML looks on a phone: measured in headless Chromium, light and dark.

    page.py MAILDIR OUT CHROMIUM...

Takes the mails of MAILDIR; prints "pass SENTENCE" or "fail SENTENCE: why"; pictures in OUT."""
import email
import email.policy
import glob
import os
import subprocess
import sys

WIDTH, HEIGHT = 390, 844
MEASURE = """<!DOCTYPE html><html><body style="margin:0"><iframe id="f" src="%s" style="border:0;width:%dpx;height:%dpx"></iframe>
<script>document.getElementById("f").onload = function () {
  var d = this.contentDocument, e = d.documentElement, widest = 0;
  d.querySelectorAll("*").forEach(function (x) { widest = Math.max(widest, x.getBoundingClientRect().right); });
  var s = this.contentWindow.getComputedStyle(d.body), p = this.contentWindow.getComputedStyle(d.querySelector("td,div div"));
  document.title = [e.scrollWidth, d.body.scrollWidth, Math.ceil(widest), s.backgroundColor, s.color, p.color].join("|");
};</script></body></html>"""


def chromium(*more):
    return subprocess.run([*sys.argv[3:], "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                           "--allow-file-access-from-files", "--virtual-time-budget=4000", *more],
                          capture_output=True, check=False, timeout=120).stdout.decode()


def measure(path, dark):
    frame = path[:-5] + ".frame"
    with open(frame + ".html", "w", encoding="utf-8") as file:
        file.write(MEASURE % (os.path.basename(path), WIDTH, HEIGHT))
    out = chromium("--dump-dom", *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else
                                   ["--blink-settings=preferredColorScheme=1"]), "file://" + frame + ".html")
    return out[out.index("<title>") + 7:out.index("</title>")].split("|")


def light_of(colour):
    """0 to 1, WCAG's relative luminance."""
    parts = [int(c) / 255 for c in colour[colour.index("(") + 1:-1].split(",")[:3]]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((light_of(a), light_of(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check(name, wrong):
    print("fail %s: %s" % (name, wrong) if wrong else "pass " + name, flush=True)


def look(path, name):
    for dark in (False, True):
        scheme = "dark" if dark else "light"
        width, body, widest, background, text, pale = measure(path, dark)
        check("%s, %s: no sideways scrolling at %d px" % (name, scheme, WIDTH),
              "" if max(int(width), int(body), int(widest)) <= WIDTH else "it is %s, %s, %s px wide" % (width, body, widest))
        check("%s, %s: it is %s, and can be read" % (name, scheme, scheme),
              "" if (light_of(background) < 0.2) == dark and contrast(background, text) > 7 and contrast(background, pale) > 4.5
              else "%s on %s, %s" % (text, background, pale))
        chromium("--screenshot=%s.%s.png" % (path[:-5], scheme), "--window-size=%d,%d" % (WIDTH + 110, HEIGHT),
                 "--blink-settings=preferredColorScheme=%d" % (0 if dark else 1), "file://" + path[:-5] + ".frame.html")


def main():
    for i, source in enumerate(sorted(glob.glob(sys.argv[1] + "/*"), key=os.path.getmtime)):
        with open(source, "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        path = os.path.join(sys.argv[2], "mail%d.html" % i)
        with open(path, "w", encoding="utf-8") as file:
            file.write(mail.get_body(("html",)).get_content())
        look(path, str(mail["Subject"])[:60].strip() or "a mail")


main()

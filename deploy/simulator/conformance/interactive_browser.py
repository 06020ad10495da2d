"""azure-identity where a person has a browser: it opens Entra's page, and waits on this machine for the answer."""

import html
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
import webbrowser

from azure.identity import InteractiveBrowserCredential

from lib.azure import TENANT
from lib.people import reads, said_no

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Browser(webbrowser.BaseBrowser):
    """What a person does in one: chooses an account on the page that opens."""

    def __init__(self, account):
        super().__init__()
        self.account = account

    def open(self, url, new=0, autoraise=True):
        threading.Thread(target=self.choose, args=[url], daemon=True).start()
        return True

    def choose(self, url):
        with urllib.request.urlopen(url) as answer:
            page = answer.read().decode()
        assert "Microsoft Azure CLI" in page and f'value="{self.account}"' in page, page
        form = dict(fields(page), account=self.account)
        where = url.split("?")[0]
        try:
            with urllib.request.build_opener(Still).open(where, encoded(form)) as answer:
                page = answer.read().decode()
        except urllib.error.HTTPError as sent:
            assert sent.code == 303, sent.read()
            DIRECT.open(sent.headers["location"]).close()
            return
        action = html.unescape(re.search('<form method="post" action="([^"]*)">', page).group(1))
        DIRECT.open(action, encoded(fields(page))).close()


class Still(urllib.request.HTTPRedirectHandler):
    """Stays where it is: the way back leads to this machine, which no proxy reaches."""

    def redirect_request(self, *_):
        return None


def fields(page):
    found = re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def encoded(form):
    return urllib.parse.urlencode(form).encode()


def credential(account):
    webbrowser.register("somebody", None, Browser(account), preferred=True)
    return InteractiveBrowserCredential(tenant_id=TENANT, timeout=60)


reads(credential("auditor@contoso.example"), "auditor@contoso.example")
said_no(credential("cancel"), "access_denied", "cancelled")

"""The words of the leaflets. Their Chinese is in the catalogue of words."""

from typing import Any

from labs.bench.words import _

TABLET = {
    "title": _("Let this tablet trust the laboratory"),
    "lead": _("The box in your school has a certificate of its own. A tablet learns it once; then the address opens "
              "without a warning. It can vouch for this laboratory and for no other site."),
    "none": _("This laboratory needs no certificate: it is opened without one, or with one that tablets know already."),
    "download": _("Download the certificate"),
    "compare": _("Compare this fingerprint with the one that the box showed when the certificate was made:"),
    "names": _("Good for: {names}"),
    "after": _("Then open the laboratory"),
    "many": _("For many tablets at once, give the file to whoever manages them: it is installed as a trusted "
              "certificate authority."),
}

DEVICES: list[dict[str, Any]] = [
    {"name": _("Android"), "steps": [
        _("Download the certificate with the button above."),
        _("Open Settings, search for “certificate”, choose Install a certificate, then CA certificate."),
        _("Confirm with Install anyway, and choose wanxiang-ca.crt in the downloads."),
        _("Open the laboratory in Chrome."),
    ]},
    {"name": _("iPad"), "steps": [
        _("Open this page in Safari, press the button above and allow the download."),
        _("Settings, General, VPN & Device Management: choose the downloaded profile and install it."),
        _("Settings, General, About, Certificate Trust Settings: switch on full trust for it."),
        _("Open the laboratory in Safari."),
    ]},
    {"name": _("Windows"), "steps": [
        _("Download the certificate and open the file."),
        _("Install Certificate, Current User, Place all certificates in the following store, Browse: "
          "Trusted Root Certification Authorities."),
        _("Finish, answer Yes, and close the browser."),
        _("Open the laboratory in Edge or Chrome."),
    ]},
    {"name": _("HarmonyOS"), "steps": [
        _("Download the certificate with the button above."),
        _("Open Settings, search for “certificate”, choose Install from storage, then CA certificate."),
        _("Choose wanxiang-ca.crt in the downloads and confirm with the screen lock."),
        _("Open the laboratory in the browser."),
    ]},
]

PRIVACY: dict[str, Any] = {
    "title": _("What the laboratory keeps"),
    "lead": _("This laboratory runs on a box in your school. What you do here stays on it."),
    "sections": [
        (_("What is recorded"), [
            _("What you do at the bench: settings, readings, answers, and when."),
            _("The seat you sit at, such as “3-2 / 17”. Not your name, not your number, not your face."),
            _("A random number in a cookie, so that you find your bench again."),
        ]),
        (_("What is not"), [
            _("Nothing is sent to the internet. No other company counts, watches or advertises here."),
            _("No location, no microphone, no camera, no contacts."),
            _("The list that says who sits where belongs to your school. It lies in a file of its own, and never in "
              "the record."),
        ]),
        (_("Who can see it"), [
            _("You see your own work. Your teacher sees the work of the class, seat by seat."),
            _("Whoever looks after the box can read the record, as with any computer of the school."),
        ]),
        (_("How long, and your rights"), [
            _("The school sets how long the record is kept; backups are deleted in their turn."),
            _("You or your parents can ask for everything of your seat, or to have it erased. Ask your teacher: each "
              "is one command on the box."),
            _("For children under 14 the school asks the parents first."),
        ]),
    ],
}

package dev.kelpie.frontend.nbd;

/// An option is not granted; the session goes on.
final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  private final Option.Reply reply;

  /// Says why: `text` names the thing, the reason and the way out, for the client's user.
  Refused(Option.Reply reply, String text) {
    super(text, null, false, false);
    this.reply = reply;
  }

  Option.Reply reply() {
    return reply;
  }

  /// What the client's user reads.
  String text() {
    return String.valueOf(getMessage());
  }
}

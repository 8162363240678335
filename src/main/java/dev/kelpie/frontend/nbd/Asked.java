package dev.kelpie.frontend.nbd;

/// What a reply repeats of its request.
sealed interface Asked permits Request, RequestHeader {
  /// As the client chose it.
  long cookie();

  long offset();
}

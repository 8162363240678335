package dev.kelpie.frontend.nbd;

/// The kinds of sockets that clients come through.
enum Transport {
  TCP,
  UNIX
}

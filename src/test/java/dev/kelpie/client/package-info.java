/// A client of the Sheepdog protocol that shares no code with the server's side of it: it encodes
/// every byte by itself from spec/protocol-and-cache.md §1, checks every byte of every reply's
/// header, and replays what the known clients send (§2), and what broken ones may. [Load] makes as
/// many of its requests as a sheep can take, for `bench/run`.
@NullMarked
package dev.kelpie.client;

import org.jspecify.annotations.NullMarked;

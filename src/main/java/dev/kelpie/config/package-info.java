/// From the words of a command line to typed values, with the texts that scripts know. [Getopt]
/// takes a command line apart as the C library does, [SubOptions] a comma-separated list; [Sizes],
/// [Numbers], [Addresses] and [ListenAddress] read single values.
///
/// Used by both programs; knows neither of them, and uses no other room.
@NullMarked
package dev.kelpie.config;

import org.jspecify.annotations.NullMarked;

/// Tests of served streams, over fake connections, and over real sockets with a protocol that sends
/// back what it gets.
@NullMarked
package dev.kelpie.stream;

import org.jspecify.annotations.NullMarked;

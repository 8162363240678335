/// Tests of TLS over connections in memory.
@NullMarked
package dev.kelpie.tls;

import org.jspecify.annotations.NullMarked;

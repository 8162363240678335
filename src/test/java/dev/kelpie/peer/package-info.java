/// Tests of the protocol between nodes.
@NullMarked
package dev.kelpie.peer;

import org.jspecify.annotations.NullMarked;

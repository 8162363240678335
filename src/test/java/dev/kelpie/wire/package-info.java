/// Tests of the protocol's bytes, against bytes worked out by hand from the spec's offsets.
@NullMarked
package dev.kelpie.wire;

import org.jspecify.annotations.NullMarked;

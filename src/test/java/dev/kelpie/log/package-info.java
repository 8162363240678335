/// Tests of the `log` room.
@NullMarked
package dev.kelpie.log;

import org.jspecify.annotations.NullMarked;

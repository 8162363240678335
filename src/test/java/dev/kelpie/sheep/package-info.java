/// Tests of the `sheep` room.
@NullMarked
package dev.kelpie.sheep;

import org.jspecify.annotations.NullMarked;

/// Tests of the placement of objects.
@NullMarked
package dev.kelpie.placement;

import org.jspecify.annotations.NullMarked;

/// What every object store does, as one set of tests that each store runs.
@NullMarked
package dev.kelpie.object;

import org.jspecify.annotations.NullMarked;

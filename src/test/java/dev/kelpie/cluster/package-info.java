/// Tests of what the nodes agree on.
@NullMarked
package dev.kelpie.cluster;

import org.jspecify.annotations.NullMarked;

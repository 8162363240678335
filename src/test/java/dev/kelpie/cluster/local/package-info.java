/// Tests of the coordination records that processes share through a directory.
@NullMarked
package dev.kelpie.cluster.local;

import org.jspecify.annotations.NullMarked;

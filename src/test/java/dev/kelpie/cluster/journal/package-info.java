/// Tests of records in a file of frames.
@NullMarked
package dev.kelpie.cluster.journal;

import org.jspecify.annotations.NullMarked;

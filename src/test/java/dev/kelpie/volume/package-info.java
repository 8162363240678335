/// Tests of VDIs as disks of bytes.
@NullMarked
package dev.kelpie.volume;

import org.jspecify.annotations.NullMarked;

/// Tests of the `config` room.
@NullMarked
package dev.kelpie.config;

import org.jspecify.annotations.NullMarked;

/// Tests of the plain nouns.
@NullMarked
package dev.kelpie.model;

import org.jspecify.annotations.NullMarked;

/// Coordination records as a file of frames: what `cluster.embedded` and `cluster.local` have in
/// common. The file's bytes are the same for both, so records move from a node that is alone to
/// nodes that share them, and back, by copying the file.
///
/// [FrameFile] is the file and [FrameFormat] its bytes; [Update] is what a frame does to one
/// record; [Records] is what all frames together make, in memory; [Draft] decides commits that go
/// in the next frame. What order of writes and syncs keeps them through which crash is the business
/// of the rooms above. May use `cluster` and `platform`.
@NullMarked
package dev.kelpie.cluster.journal;

import org.jspecify.annotations.NullMarked;

//! Every decoder over its examples in `fuzz/corpus`, and over thousands of mutations of them that are the
//! same every time. What a fuzzer finds becomes an example there.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should fail where it stands"
)]

use std::path::{Path, PathBuf};

use deskside_testkit::oracle::{ORACLES, Oracle};

/// Mutations of each decoder's examples, all together.
const MUTATIONS: u32 = 4000;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        usize::try_from((high * limit as u64) >> 32).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        // The ends of the range are where lengths and counts break.
        match self.below(4) {
            0 => [0, 1, 0x7F, 0x80, 0xFF][self.below(5)],
            _ => self.below(256).to_le_bytes()[0],
        }
    }
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The examples of a decoder, in the order of their names.
fn examples(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = fuzz_folder().join("corpus").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder's entry").path()).filter(|path| path.is_file()).collect();
    files.sort();
    assert!(files.len() >= 3, "{name} has too few examples");
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("an example"))).collect()
}

/// A few changes of an example: bytes, bits, cuts, doubled pieces, and pieces of another example.
fn mutate(random: &mut Random, examples: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = examples[random.below(examples.len())].1.clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let piece = at..(at + random.below(8)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = random.byte(),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => bytes.insert(at, random.byte()),
            3 => drop(bytes.drain(piece)),
            4 => bytes.truncate(at),
            5 => bytes.extend_from_within(piece),
            _ => {
                let other = &examples[random.below(examples.len())].1;
                let from = random.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

fn check(name: &str, oracle: Oracle) {
    let examples = examples(name);
    for (path, bytes) in &examples {
        assert!(holds(oracle, bytes), "{}", path.display());
    }
    let mut random = Random(0x0DE5_C51D);
    for number in 0..MUTATIONS {
        let bytes = mutate(&mut random, &examples);
        assert!(holds(oracle, &bytes), "{name}, mutation {number}: {bytes:02x?}");
    }
}

/// Whether the oracle returns; its own words are on standard error if it does not.
fn holds(oracle: Oracle, bytes: &[u8]) -> bool {
    std::panic::catch_unwind(|| oracle(bytes)).is_ok()
}

#[test]
fn t32_decoders_hold_on_every_example_and_on_mutations() {
    for (name, oracle) in ORACLES {
        check(name, oracle);
    }
}

#[test]
fn every_decoder_has_a_fuzz_target_and_every_target_a_decoder() {
    let targets = std::fs::read_dir(fuzz_folder().join("fuzz_targets")).expect("the targets");
    let mut targets: Vec<String> = targets
        .map(|entry| entry.expect("a folder's entry").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    targets.sort();
    assert_eq!(targets, ORACLES.map(|(name, _)| name));
}

//! From random numbers to codes.

use deskside_proto::Code;

/// The largest multiple of [`Code::COUNT`] that fits in 32 bits. Numbers from here on are thrown away:
/// taking them modulo the count would make low codes likelier than high ones.
const FAIR: u32 = u32::MAX - u32::MAX % Code::COUNT;

/// The code for a uniformly random number; `None` if another number has to be drawn (one time in 4,400).
pub(crate) fn code_from(random: u32) -> Option<Code> {
    if random < FAIR { Code::from_number(random % Code::COUNT) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_equally_many_numbers() {
        assert_eq!(FAIR % Code::COUNT, 0);
        assert_eq!(code_from(0).unwrap().expose(), "000000");
        assert_eq!(code_from(FAIR - 1).unwrap().expose(), "999999");
        assert!(code_from(FAIR).is_none());
        assert!(code_from(u32::MAX).is_none());
    }

    /// Chi-square over 1,000 classes: with 999 degrees of freedom a fair source exceeds 1,190 once in
    /// about 40,000 runs; a modulo bias or a stuck digit exceeds it by orders of magnitude.
    #[test]
    fn codes_are_uniform() {
        let mut classes = vec![0f64; 1_000];
        let mut drawn = 0;
        while drawn < 200_000 {
            let mut bytes = [0; 4];
            aws_lc_rs::rand::fill(&mut bytes).unwrap();
            if let Some(code) = code_from(u32::from_le_bytes(bytes)) {
                // The last three digits: there a modulo bias and a stuck digit both show.
                classes[code.expose()[3..].parse::<usize>().unwrap()] += 1.0;
                drawn += 1;
            }
        }
        let chi: f64 = classes.iter().map(|n| (n - 200.0) * (n - 200.0) / 200.0).sum();
        assert!((800.0..1_190.0).contains(&chi), "chi-square {chi}");
    }
}

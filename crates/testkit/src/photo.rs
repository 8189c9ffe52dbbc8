//! Pictures that are as hard to code as photographs, drawn by arithmetic, so that a measurement needs no file
//! that a machine might not have: light and texture at every scale, sharp edges, and a sensor's noise.

/// Edge lengths of the noise's cells, in pixels: what nature has at every scale.
const OCTAVES: [usize; 7] = [384, 160, 72, 34, 16, 7, 3];
/// Things that stand in front of each other.
const THINGS: usize = 18;

/// What a camera would be pointed at: colours without a sensor's noise, from 0 to 255.
#[derive(Debug, Clone)]
pub struct Scene {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

/// A disc, or the lit side of a straight edge, as a very large one.
struct Thing {
    middle: (f32, f32),
    radius: f32,
    colour: [f32; 3],
    /// How strongly texture shows on it.
    rough: f32,
}

impl Scene {
    /// The same seed gives the same scene.
    #[must_use]
    pub fn new(width: usize, height: usize, seed: u32) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9) | 1);
        let things = things(width as f32, height as f32, &mut random);
        let mut pixels = Vec::with_capacity(width * height);
        let mut texture = vec![[0.0; 2]; width];
        for y in 0..height {
            texture_row(&mut texture, y, seed);
            for (x, [light, grain]) in texture.iter().enumerate() {
                let mut colour = [150.0, 165.0, 190.0];
                let mut rough = 0.35;
                for thing in &things {
                    let cover = thing.covers(x as f32, y as f32);
                    if 0.0 < cover {
                        for (under, over) in colour.iter_mut().zip(thing.colour) {
                            *under += (over - *under) * cover;
                        }
                        rough += (thing.rough - rough) * cover;
                    }
                }
                // Light falls on all channels alike, and tints the shadows a little.
                let level = 0.78 + 0.5 * light;
                let fine = 60.0 * rough * grain;
                let tints = [1.0, 1.0, 1.0 - 0.12 * light];
                pixels.push(std::array::from_fn(|channel| {
                    (colour[channel] * level * tints[channel] + fine).clamp(0.0, 255.0)
                }));
            }
        }
        Self { width, height, pixels }
    }

    /// Red, green and blue between four pixels; outside, the nearest edge's.
    #[must_use]
    pub fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let x = x.clamp(0.0, self.width.saturating_sub(2) as f32);
        let y = y.clamp(0.0, self.height.saturating_sub(2) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right_part, lower_part) = (x - left as f32, y - top as f32);
        let at = top * self.width + left;
        let (upper, lower) = (&self.pixels[at..at + 2], &self.pixels[at + self.width..at + self.width + 2]);
        std::array::from_fn(|channel| {
            let above = upper[0][channel] + (upper[1][channel] - upper[0][channel]) * right_part;
            let below = lower[0][channel] + (lower[1][channel] - lower[0][channel]) * right_part;
            above + (below - above) * lower_part
        })
    }

    /// As a camera would take it: four bytes a pixel, blue first.
    #[must_use]
    pub fn taken(&self, seed: u32) -> Vec<u8> {
        let mut noise = Grain::new(seed);
        self.pixels.iter().flat_map(|colour| noise.over(*colour, 3.0)).collect()
    }
}

/// The grain of a camera's sensor.
#[derive(Debug)]
pub struct Grain(Random);

impl Grain {
    /// The same seed gives the same grain.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(Random(seed.wrapping_mul(0x85eb_ca6b) | 1))
    }

    /// A colour with grain of at most this strength on it, as blue, green, red, nothing.
    pub fn over(&mut self, [red, green, blue]: [f32; 3], strength: f32) -> [u8; 4] {
        // One draw for all: most of a sensor's noise is in the brightness.
        let noise = (self.0.next() + self.0.next() - 1.0) * strength;
        let level = |channel: f32| (channel + noise + 0.5) as u8;
        [level(blue), level(green), level(red), 0]
    }
}

impl Thing {
    /// From 0 (outside) to 1 (inside), smooth over the width of a pixel.
    fn covers(&self, x: f32, y: f32) -> f32 {
        let (across, down) = (x - self.middle.0, y - self.middle.1);
        let square = across * across + down * down;
        let outside = self.radius + 1.0;
        if outside * outside <= square { 0.0 } else { (self.radius - square.sqrt() + 0.5).clamp(0.0, 1.0) }
    }
}

fn things(width: f32, height: f32, random: &mut Random) -> Vec<Thing> {
    (0..THINGS)
        .map(|number| {
            // The first are as large as hills, the last as small as fruit.
            let size = height * (1.3 / (1.0 + number as f32 * 0.6));
            let straight = number % 3 == 1;
            let (x, y) = (width * random.next(), height * (0.3 + 0.8 * random.next()));
            let radius = if straight { size * 40.0 } else { size * (0.4 + 0.5 * random.next()) };
            let middle = if straight { (x, y + radius) } else { (x, y) };
            let grey = 60.0 + 130.0 * random.next();
            let colour = std::array::from_fn(|_| grey + 70.0 * (random.next() - 0.5));
            Thing { middle, radius, colour, rough: random.next() }
        })
        .collect()
}

/// Smooth noise of all octaves for one row: the coarse ones as light, the fine ones as grain; about -1 to 1.
fn texture_row(row: &mut [[f32; 2]], y: usize, seed: u32) {
    row.fill([0.0; 2]);
    for (octave, cell) in OCTAVES.into_iter().enumerate() {
        let smooth = |part: f32| part * part * (3.0 - 2.0 * part);
        let down = smooth((y % cell) as f32 / cell as f32);
        let corners: Vec<f32> = (0..row.len() / cell + 2)
            .map(|x| {
                let corner = |y: usize| lattice(x, y, seed.wrapping_add(octave as u32 * 7919));
                corner(y / cell) + (corner(y / cell + 1) - corner(y / cell)) * down
            })
            .collect();
        // Strength falls with size, as it does in nature.
        let strength = (cell as f32 / OCTAVES[0] as f32).powf(if octave < 3 { 0.5 } else { 0.3 });
        for (x, texture) in row.iter_mut().enumerate() {
            let across = smooth((x % cell) as f32 / cell as f32);
            let (left, right) = (corners[x / cell], corners[x / cell + 1]);
            texture[usize::from(3 <= octave)] += (left + (right - left) * across) * strength;
        }
    }
}

/// A number from -1 to 1 that only its place decides.
fn lattice(x: usize, y: usize, seed: u32) -> f32 {
    let mut mixed = (x as u32).wrapping_mul(0x8da6_b343) ^ (y as u32).wrapping_mul(0xd816_3841) ^ seed;
    mixed ^= mixed >> 15;
    mixed = mixed.wrapping_mul(0x2c1b_3c6d);
    mixed ^= mixed >> 12;
    mixed = mixed.wrapping_mul(0x297a_2d39);
    mixed ^= mixed >> 15;
    mixed as f32 / u32::MAX as f32 * 2.0 - 1.0
}

/// Xorshift32: seeded, so that a picture can be drawn again.
#[derive(Debug)]
struct Random(u32);

impl Random {
    /// Evenly from 0 to 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 >> 8) as f32 / (1_u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_picture() {
        let one = Scene::new(64, 48, 7).taken(7);
        assert_eq!(one.len(), 64 * 48 * 4);
        assert_eq!(one, Scene::new(64, 48, 7).taken(7));
        assert_ne!(one, Scene::new(64, 48, 8).taken(8));
    }

    #[test]
    fn grain_is_mild() {
        let mut grain = Grain::new(3);
        let draws: Vec<f64> =
            (0..10_000).map(|_| f64::from(grain.over([100.0; 3], 3.0)[1]) - 100.0).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let spread = (draws.iter().map(|draw| draw * draw).sum::<f64>() / draws.len() as f64).sqrt();
        assert!(mean.abs() < 0.2 && (0.8..2.0).contains(&spread), "{mean} {spread}");
    }

    #[test]
    fn between_pixels_is_between_their_colours() {
        let pixels = [0.0, 100.0, 200.0, 50.0, 150.0, 250.0, 0.0, 0.0, 0.0].map(|level| [level; 3]).to_vec();
        let scene = Scene { width: 3, height: 3, pixels };
        assert_eq!(scene.at(0.25, 0.5), [50.0; 3]);
        assert_eq!(scene.at(-5.0, -5.0), [0.0; 3]);
    }
}

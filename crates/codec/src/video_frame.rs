use crate::Error;

/// The longest side of a picture in pixels: what 14 bits of a VP8 header say (RFC 6386 §9.1).
pub const MAX_DIMENSION: u32 = 16_383;

/// The most pixels of a picture, encoded or decoded: 4096×2304.
pub const MAX_PIXELS: u32 = 4_096 * 2_304;

/// Which plane of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlaneId {
    /// Luma, full size.
    Y,
    /// Blue difference, half size in both directions, rounded up.
    U,
    /// Red difference, half size in both directions, rounded up.
    V,
}

/// The bytes of one plane: rows of `stride` bytes, of which the plane's width are seen. The last row
/// may end after its last seen byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Plane {
    data: Vec<u8>,
    stride: usize,
}

impl Plane {
    /// A plane over `data`, one row every `stride` bytes. [`VideoFrame::new`] checks that it fits.
    pub fn new(data: Vec<u8>, stride: usize) -> Self {
        Self { data, stride }
    }

    /// All bytes, those between the rows included.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Bytes from the start of one row to the start of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Whether there are `height` rows of `width` seen bytes.
    fn holds(&self, (width, height): (usize, usize)) -> bool {
        let needed = self.stride.checked_mul(height.saturating_sub(1));
        let needed = needed.and_then(|bytes| bytes.checked_add(width));
        self.stride >= width && needed.is_some_and(|bytes| self.data.len() >= bytes)
    }
}

/// A picture: 8 bit I420 with an RTP timestamp.
#[derive(Clone, PartialEq, Eq)]
pub struct VideoFrame {
    width: u32,
    height: u32,
    timestamp: u32,
    y: Plane,
    u: Plane,
    v: Plane,
}

impl VideoFrame {
    /// A picture from its planes, checked against its size. `timestamp` is RTP's: 90 kHz, wraps.
    ///
    /// # Errors
    /// [`Error::DimensionsOutOfRange`] beyond [`MAX_PIXELS`] or [`MAX_DIMENSION`], or with a side of 0;
    /// [`Error::PlaneTooShort`] where a plane does not hold its rows.
    pub fn new(
        (width, height): (u32, u32),
        timestamp: u32,
        [y, u, v]: [Plane; 3],
    ) -> Result<Self, Error> {
        check_dimensions(width, height)?;
        let chroma = plane_size(PlaneId::U, width, height);
        let fits = y.holds(plane_size(PlaneId::Y, width, height));
        if !fits || !u.holds(chroma) || !v.holds(chroma) {
            return Err(Error::PlaneTooShort);
        }
        Ok(Self { width, height, timestamp, y, u, v })
    }

    /// A black picture.
    ///
    /// # Errors
    /// As [`VideoFrame::new`].
    pub fn black(size: (u32, u32), timestamp: u32) -> Result<Self, Error> {
        check_dimensions(size.0, size.1)?;
        let filled = |id, value| {
            let (width, height) = plane_size(id, size.0, size.1);
            Plane::new(vec![value; width * height], width)
        };
        // ITU-R BT.601 limited range: black is 16, no colour is 128.
        let planes = [filled(PlaneId::Y, 16), filled(PlaneId::U, 128), filled(PlaneId::V, 128)];
        Self::new(size, timestamp, planes)
    }

    /// A picture from packed I420: Y, U, V, no bytes between rows.
    ///
    /// # Errors
    /// As [`VideoFrame::new`].
    pub fn from_i420(size: (u32, u32), timestamp: u32, packed: &[u8]) -> Result<Self, Error> {
        check_dimensions(size.0, size.1)?;
        let (luma_width, luma_height) = plane_size(PlaneId::Y, size.0, size.1);
        let (width, height) = plane_size(PlaneId::U, size.0, size.1);
        let split = |bytes: &[u8], at| {
            bytes
                .split_at_checked(at)
                .map(|(a, b)| (a.to_vec(), b.to_vec()))
                .ok_or(Error::PlaneTooShort)
        };
        let (y, chroma) = split(packed, luma_width * luma_height)?;
        let (u, v) = split(&chroma, width * height)?;
        let planes = [Plane::new(y, luma_width), Plane::new(u, width), Plane::new(v, width)];
        Self::new(size, timestamp, planes)
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// RTP timestamp: 90 kHz, wraps.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// The same picture at another time (90 kHz, wraps).
    #[must_use]
    pub fn at(mut self, timestamp: u32) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// Gives the picture another time (90 kHz, wraps).
    pub(crate) fn set_timestamp(&mut self, timestamp: u32) {
        self.timestamp = timestamp;
    }

    /// One plane.
    pub fn plane(&self, id: PlaneId) -> &Plane {
        match id {
            PlaneId::Y => &self.y,
            PlaneId::U => &self.u,
            PlaneId::V => &self.v,
        }
    }

    /// Width and height of one plane.
    pub fn plane_size(&self, id: PlaneId) -> (usize, usize) {
        plane_size(id, self.width, self.height)
    }

    /// The rows of one plane from top to bottom, each as long as the plane is wide.
    pub fn rows(&self, id: PlaneId) -> impl Iterator<Item = &[u8]> {
        let (width, height) = self.plane_size(id);
        let plane = self.plane(id);
        plane.data.chunks(plane.stride).take(height).filter_map(move |row| row.get(..width))
    }

    /// The rows of one plane, to be drawn on.
    pub fn rows_mut(&mut self, id: PlaneId) -> impl Iterator<Item = &mut [u8]> {
        let (width, height) = self.plane_size(id);
        let plane = match id {
            PlaneId::Y => &mut self.y,
            PlaneId::U => &mut self.u,
            PlaneId::V => &mut self.v,
        };
        let stride = plane.stride;
        plane.data.chunks_mut(stride).take(height).filter_map(move |row| row.get_mut(..width))
    }

    /// Packed I420: Y, U, V, no bytes between rows.
    pub fn to_i420(&self) -> Vec<u8> {
        let planes = [PlaneId::Y, PlaneId::U, PlaneId::V];
        planes.iter().flat_map(|id| self.rows(*id)).flatten().copied().collect()
    }
}

/// Prints the size and time only: pictures do not belong in logs.
impl core::fmt::Debug for VideoFrame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "VideoFrame({}x{} at {})", self.width, self.height, self.timestamp)
    }
}

/// Refuses a size before anything is allocated for it.
pub(crate) fn check_dimensions(width: u32, height: u32) -> Result<(), Error> {
    let sides = 1..=MAX_DIMENSION;
    // Two sides of at most 14 bits: the product fits.
    if sides.contains(&width) && sides.contains(&height) && width * height <= MAX_PIXELS {
        return Ok(());
    }
    Err(Error::DimensionsOutOfRange { width, height })
}

fn plane_size(id: PlaneId, width: u32, height: u32) -> (usize, usize) {
    // At most 14 bits each, see `check_dimensions`.
    let (width, height) = (width as usize, height as usize);
    match id {
        PlaneId::Y => (width, height),
        PlaneId::U | PlaneId::V => (width.div_ceil(2), height.div_ceil(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(y: usize, chroma: usize, stride: usize) -> [Plane; 3] {
        let chroma_stride = stride.div_ceil(2);
        [
            Plane::new(vec![1; y], stride),
            Plane::new(vec![2; chroma], chroma_stride),
            Plane::new(vec![3; chroma], chroma_stride),
        ]
    }

    #[test]
    fn odd_sizes_round_chroma_up() {
        let frame = VideoFrame::new((5, 3), 0, planes(15, 6, 5)).unwrap();
        assert_eq!(frame.plane_size(PlaneId::U), (3, 2));
        assert_eq!(frame.to_i420().len(), 15 + 6 + 6);
    }

    #[test]
    fn short_planes_are_refused() {
        assert_eq!(VideoFrame::new((5, 3), 0, planes(14, 6, 5)).unwrap_err(), Error::PlaneTooShort);
        assert_eq!(VideoFrame::new((5, 3), 0, planes(15, 5, 5)).unwrap_err(), Error::PlaneTooShort);
        assert_eq!(
            VideoFrame::new((5, 3), 0, planes(99, 99, 4)).unwrap_err(),
            Error::PlaneTooShort
        );
        assert!(VideoFrame::from_i420((4, 4), 0, &[0; 23]).is_err());
    }

    #[test]
    fn last_row_needs_no_padding_behind_it() {
        let frame = VideoFrame::new((5, 3), 0, planes(8 * 2 + 5, 4 + 3, 8)).unwrap();
        assert_eq!(frame.rows(PlaneId::Y).count(), 3);
        assert!(frame.rows(PlaneId::Y).all(|row| row == [1; 5]));
        assert_eq!(frame.rows(PlaneId::V).count(), 2);
    }

    #[test]
    fn sizes_are_bounded() {
        for (width, height) in [(0, 1), (1, 0), (16_384, 1), (4_096, 2_305), (u32::MAX, u32::MAX)] {
            let error = VideoFrame::black((width, height), 0).unwrap_err();
            assert_eq!(error, Error::DimensionsOutOfRange { width, height });
        }
        assert!(check_dimensions(2_304, 4_096).is_ok());
    }

    #[test]
    fn packed_bytes_survive_the_round_trip() {
        let packed: Vec<u8> = (0..15 + 6 + 6).collect();
        assert_eq!(VideoFrame::from_i420((5, 3), 7, &packed).unwrap().to_i420(), packed);
    }
}

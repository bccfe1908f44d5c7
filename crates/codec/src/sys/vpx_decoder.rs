use core::ffi::{c_int, c_uint};
use core::mem::zeroed;
use core::{fmt, ptr, slice};

use vpx_sys::{
    VPX_CODEC_OK, VPX_DECODER_ABI_VERSION, vp8_dec_control_id, vpx_codec_control_, vpx_codec_ctx_t,
    vpx_codec_dec_cfg_t, vpx_codec_dec_init_ver, vpx_codec_decode, vpx_codec_destroy,
    vpx_codec_get_frame, vpx_codec_iter_t, vpx_codec_vp8_dx, vpx_image_t, vpx_img_fmt,
};

use crate::video_frame::check_dimensions;
use crate::{Error, Plane, VideoFrame};

/// A VP8 decoder of libvpx. Boxed, so that its address never changes while libvpx may know it.
pub(crate) struct DecoderContext {
    ctx: Box<vpx_codec_ctx_t>,
}

// SAFETY: libvpx binds a context to no thread; it only must not be used by two at once, which `&mut`
// in every method rules out. `ctx` and the memory behind it belong to this value alone.
unsafe impl Send for DecoderContext {}

impl DecoderContext {
    /// Opens a decoder with one thread, without error concealment and without postprocessing.
    pub(crate) fn open() -> Result<Self, Error> {
        let cfg = vpx_codec_dec_cfg_t { threads: 1, w: 0, h: 0 };
        // SAFETY: the structure is plain C data for which all zero bytes are valid: null pointers, the
        // error code VPX_CODEC_OK, a union of pointers. libvpx asks for it to be cleared.
        let mut ctx: Box<vpx_codec_ctx_t> = Box::new(unsafe { zeroed() });
        // SAFETY: `ctx` and `cfg` are valid for the call, `cfg` is copied by libvpx, the interface is a
        // static of the library, and the ABI version is the one of the headers the bindings come from.
        let code = unsafe {
            let iface = vpx_codec_vp8_dx();
            vpx_codec_dec_init_ver(&mut *ctx, iface, &cfg, 0, VPX_DECODER_ABI_VERSION as c_int)
        };
        // On failure libvpx has already destroyed what it had built.
        if code == VPX_CODEC_OK { Ok(Self { ctx }) } else { Err(Error::SetUp) }
    }

    /// Decodes one frame whose header the caller has checked. After an error the context is to be
    /// dropped: what it refers to may be damaged.
    pub(crate) fn decode(
        &mut self,
        frame: &[u8],
        timestamp: u32,
    ) -> Result<Option<VideoFrame>, Error> {
        let length = c_uint::try_from(frame.len()).map_err(|_| Error::FrameTooLarge)?;
        // SAFETY: the context is open, and `frame` is valid for `length` bytes during the call; without
        // frame threading libvpx keeps no reference to it that it reads later.
        let code =
            unsafe { vpx_codec_decode(&mut *self.ctx, frame.as_ptr(), length, ptr::null_mut(), 0) };
        if code != VPX_CODEC_OK || self.is_corrupted() {
            return Err(Error::DamagedFrame);
        }
        self.take_output(timestamp)
    }

    /// Whether the frame, or one that it refers to, ended before its last symbol.
    fn is_corrupted(&mut self) -> bool {
        let mut corrupted: c_int = 0;
        let id = vp8_dec_control_id::VP8D_GET_FRAME_CORRUPTED as c_int;
        // SAFETY: the context is open, and this control takes one pointer to int, which it writes.
        let code = unsafe { vpx_codec_control_(&mut *self.ctx, id, &raw mut corrupted) };
        code != VPX_CODEC_OK || corrupted != 0
    }

    /// The picture, if there is one to be seen.
    fn take_output(&mut self, timestamp: u32) -> Result<Option<VideoFrame>, Error> {
        let mut iter: vpx_codec_iter_t = ptr::null();
        // SAFETY: the context is open and `iter` is null, as libvpx wants it. The image is null or valid
        // until the context is used again, which is after its planes were copied.
        let image = unsafe { vpx_codec_get_frame(&mut *self.ctx, &mut iter).as_ref() };
        image.map(|image| copy(image, timestamp)).transpose()
    }
}

impl Drop for DecoderContext {
    fn drop(&mut self) {
        // SAFETY: the context is open, and nothing uses it afterwards.
        unsafe { vpx_codec_destroy(&mut *self.ctx) };
    }
}

impl fmt::Debug for DecoderContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecoderContext")
    }
}

/// Copies the seen part of an image of libvpx.
fn copy(image: &vpx_image_t, timestamp: u32) -> Result<VideoFrame, Error> {
    check_dimensions(image.d_w, image.d_h)?;
    if image.fmt != vpx_img_fmt::VPX_IMG_FMT_I420 {
        return Err(Error::DamagedFrame);
    }
    // At most 14 bits each.
    let (width, height) = (image.d_w as usize, image.d_h as usize);
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let [y, u, v, _] = image.planes;
    let [y_stride, u_stride, v_stride, _] = image.stride;
    let planes = [
        copy_plane(y, y_stride, width, height)?,
        copy_plane(u, u_stride, half_width, half_height)?,
        copy_plane(v, v_stride, half_width, half_height)?,
    ];
    VideoFrame::new((image.d_w, image.d_h), timestamp, planes)
}

/// Copies `height` rows of `width` bytes, of which there is at least one, without what is between them.
fn copy_plane(from: *const u8, stride: c_int, width: usize, height: usize) -> Result<Plane, Error> {
    let stride = usize::try_from(stride).map_err(|_| Error::DamagedFrame)?;
    if from.is_null() || stride < width {
        return Err(Error::DamagedFrame);
    }
    // SAFETY: an image of libvpx holds `height` rows that start every `stride` bytes, of which `width`
    // are initialised and seen; the memory behind the last row is not touched.
    let row = |at: usize| unsafe { slice::from_raw_parts(from.add(at * stride), width) };
    let mut data = Vec::with_capacity(width * height);
    (0..height).for_each(|at| data.extend_from_slice(row(at)));
    Ok(Plane::new(data, width))
}

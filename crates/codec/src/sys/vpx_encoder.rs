use core::ffi::{c_int, c_uchar, c_uint, c_ulong};
use core::mem::{MaybeUninit, zeroed};
use core::{fmt, ptr, slice};

use vpx_sys::{
    VP8_EFLAG_NO_REF_ARF, VP8_EFLAG_NO_REF_GF, VP8_EFLAG_NO_UPD_ARF, VP8_EFLAG_NO_UPD_ENTROPY,
    VP8_EFLAG_NO_UPD_GF, VP8_EFLAG_NO_UPD_LAST, VPX_CODEC_OK, VPX_DL_REALTIME, VPX_EFLAG_FORCE_KF,
    VPX_ENCODER_ABI_VERSION, VPX_FRAME_IS_KEY, vp8e_enc_control_id as control, vpx_codec_control_,
    vpx_codec_ctx_t, vpx_codec_cx_pkt_kind, vpx_codec_destroy, vpx_codec_enc_cfg_t,
    vpx_codec_enc_config_default, vpx_codec_enc_config_set, vpx_codec_enc_init_ver,
    vpx_codec_encode, vpx_codec_get_cx_data, vpx_codec_iter_t, vpx_codec_vp8_cx,
    vpx_enc_frame_flags_t, vpx_image_t, vpx_img_fmt, vpx_img_wrap, vpx_kf_mode, vpx_rc_mode,
};

use crate::vp8::{EncodedVideo, Role, Vp8Config, layer_ids, shares};
use crate::{Error, PlaneId, VideoFrame};

/// A VP8 encoder of libvpx. Boxed, so that its address never changes while libvpx may know it.
pub(crate) struct EncoderContext {
    ctx: Box<vpx_codec_ctx_t>,
    cfg: vpx_codec_enc_cfg_t,
    temporal_layers: u8,
}

// SAFETY: libvpx binds a context to no thread; it only must not be used by two at once, which `&mut`
// in every method rules out. `ctx` and the memory behind it belong to this value alone.
unsafe impl Send for EncoderContext {}

impl EncoderContext {
    /// Opens an encoder; on failure nothing is left behind.
    pub(crate) fn open(config: &Vp8Config) -> Result<Self, Error> {
        let cfg = settings(config)?;
        // SAFETY: the structure is plain C data for which all zero bytes are valid: null pointers, the
        // error code VPX_CODEC_OK, a union of pointers. libvpx asks for it to be cleared.
        let mut ctx: Box<vpx_codec_ctx_t> = Box::new(unsafe { zeroed() });
        // SAFETY: `ctx` and `cfg` are valid for the call, `cfg` is copied by libvpx, the interface is a
        // static of the library, and the ABI version is the one of the headers the bindings come from.
        let code = unsafe {
            let iface = vpx_codec_vp8_cx();
            vpx_codec_enc_init_ver(&mut *ctx, iface, &cfg, 0, VPX_ENCODER_ABI_VERSION as c_int)
        };
        if code != VPX_CODEC_OK {
            // libvpx has already destroyed what it had built.
            return Err(Error::SetUp);
        }
        let mut context = Self { ctx, cfg, temporal_layers: config.temporal_layers };
        // Negative means a fixed speed. A positive one lets libvpx read the clock and adapt, so that
        // the same input would no longer give the same output.
        context.control(control::VP8E_SET_CPUUSED, -c_int::from(config.speed))?;
        context.control(control::VP8E_SET_STATIC_THRESHOLD, 1)?;
        context.control(control::VP8E_SET_MAX_INTRA_BITRATE_PCT, MAX_KEYFRAME_PERCENT)?;
        Ok(context)
    }

    /// Sets one integer.
    fn control(&mut self, id: control, value: c_int) -> Result<(), Error> {
        // SAFETY: the context is open, and every control that this module uses takes one int.
        let code = unsafe { vpx_codec_control_(&mut *self.ctx, id as c_int, value) };
        if code == VPX_CODEC_OK { Ok(()) } else { Err(Error::SetUp) }
    }

    /// Changes the bit rate in bit/s.
    pub(crate) fn set_bit_rate(&mut self, bit_rate: u32) -> Result<(), Error> {
        let mut cfg = self.cfg;
        set_rates(&mut cfg, bit_rate, self.temporal_layers);
        // SAFETY: the context is open; libvpx checks and copies `cfg`.
        let code = unsafe { vpx_codec_enc_config_set(&mut *self.ctx, &cfg) };
        if code != VPX_CODEC_OK {
            return Err(Error::EncoderFailed);
        }
        self.cfg = cfg;
        Ok(())
    }

    /// Encodes one picture of the configured size, which the caller has checked.
    pub(crate) fn encode(
        &mut self,
        picture: &VideoFrame,
        pts: i64,
        duration: u32,
        keyframe: bool,
        role: Role,
    ) -> Result<Option<EncodedVideo>, Error> {
        let image = wrap(picture)?;
        let flags = if keyframe { VPX_EFLAG_FORCE_KF } else { self.flags(role) };
        let flags = vpx_enc_frame_flags_t::from(flags);
        if self.temporal_layers > 1 {
            let layer = role.layer(self.temporal_layers).id;
            self.control(control::VP8E_SET_TEMPORAL_LAYER_ID, c_int::from(layer))?;
        }
        let (duration, deadline) = (c_ulong::from(duration), c_ulong::from(VPX_DL_REALTIME));
        // SAFETY: the context is open. `image` points into `picture`, which outlives the call and whose
        // planes hold their rows (checked by its constructor); with no lag libvpx copies them before it
        // returns, and it never writes to them.
        let code =
            unsafe { vpx_codec_encode(&mut *self.ctx, &image, pts, duration, flags, deadline) };
        if code != VPX_CODEC_OK {
            return Err(Error::EncoderFailed);
        }
        Ok(self.take_output(picture.timestamp()))
    }

    /// What a frame may refer to and what it leaves behind. A keyframe needs none of it: it replaces all.
    fn flags(&self, role: Role) -> c_uint {
        if self.temporal_layers < 2 {
            return 0;
        }
        let nothing_left = VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF;
        // What may be left out must not change the probabilities that the next frame is coded with.
        let nothing_left = nothing_left | VP8_EFLAG_NO_UPD_ENTROPY;
        let last_alone = VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF;
        match role {
            Role::Base => last_alone | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF,
            Role::Middle => last_alone | nothing_left & !VP8_EFLAG_NO_UPD_GF,
            Role::Top => last_alone | nothing_left,
            Role::TopOnMiddle => VP8_EFLAG_NO_REF_ARF | nothing_left,
        }
    }

    /// Collects what the last picture became: one packet, or none if it was dropped.
    fn take_output(&mut self, timestamp: u32) -> Option<EncodedVideo> {
        let mut iter: vpx_codec_iter_t = ptr::null();
        let mut output = None;
        loop {
            // SAFETY: the context is open and `iter` started as null, as libvpx wants it. The packet is
            // null or valid until the context is used again, which is after its bytes were copied.
            let packet = unsafe { vpx_codec_get_cx_data(&mut *self.ctx, &mut iter).as_ref() };
            let Some(packet) = packet else { return output };
            if packet.kind != vpx_codec_cx_pkt_kind::VPX_CODEC_CX_FRAME_PKT {
                continue;
            }
            // SAFETY: `kind` says that the union holds a frame.
            let frame = unsafe { packet.data.frame };
            if frame.buf.is_null() || frame.sz == 0 {
                continue;
            }
            // SAFETY: libvpx gives `sz` initialised bytes at `buf`, valid as the packet is.
            let data = unsafe { slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz) }.to_vec();
            let keyframe = frame.flags & VPX_FRAME_IS_KEY != 0;
            output =
                Some(EncodedVideo { data, keyframe, timestamp, temporal: None, reference: true });
        }
    }
}

impl Drop for EncoderContext {
    fn drop(&mut self) {
        // SAFETY: the context is open, and nothing uses it afterwards.
        unsafe { vpx_codec_destroy(&mut *self.ctx) };
    }
}

impl fmt::Debug for EncoderContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncoderContext")
    }
}

/// A keyframe may cost as much as this percentage of an average frame: enough to be seen, not enough
/// to fill the pacer for seconds.
const MAX_KEYFRAME_PERCENT: c_int = 600;

/// libvpx's settings for a call.
fn settings(config: &Vp8Config) -> Result<vpx_codec_enc_cfg_t, Error> {
    let mut cfg = MaybeUninit::<vpx_codec_enc_cfg_t>::zeroed();
    // SAFETY: the interface is a static of the library, and `cfg` is valid to be written.
    let code = unsafe { vpx_codec_enc_config_default(vpx_codec_vp8_cx(), cfg.as_mut_ptr(), 0) };
    if code != VPX_CODEC_OK {
        return Err(Error::SetUp);
    }
    // SAFETY: libvpx has copied its complete default structure over it.
    let mut cfg = unsafe { cfg.assume_init() };
    (cfg.g_w, cfg.g_h) = (config.width, config.height);
    (cfg.g_timebase.num, cfg.g_timebase.den) = (1, 90_000);
    cfg.g_threads = 1;
    cfg.g_lag_in_frames = 0;
    // Off: no frame is decoded after a gap (the assembler sees to it), so that giving up prediction
    // between frames would cost bits for nothing.
    cfg.g_error_resilient = 0;
    cfg.rc_end_usage = vpx_rc_mode::VPX_CBR;
    set_temporal_layers(&mut cfg, config.temporal_layers);
    set_rates(&mut cfg, config.bit_rate, config.temporal_layers);
    cfg.rc_dropframe_thresh = if config.frame_dropping { 30 } else { 0 };
    cfg.rc_resize_allowed = 0;
    (cfg.rc_min_quantizer, cfg.rc_max_quantizer) = (2, 56);
    (cfg.rc_undershoot_pct, cfg.rc_overshoot_pct) = (100, 15);
    // Milliseconds of the bit rate that may wait to be sent.
    (cfg.rc_buf_initial_sz, cfg.rc_buf_optimal_sz, cfg.rc_buf_sz) = (500, 600, 1_000);
    // Besides those at scene cuts, keyframes come when they are asked for.
    cfg.kf_mode = vpx_kf_mode::VPX_KF_AUTO;
    (cfg.kf_min_dist, cfg.kf_max_dist) = (0, 3_000);
    Ok(cfg)
}

/// Sets the bit rate in bit/s, and the part of it that each temporal layer has with those below it.
fn set_rates(cfg: &mut vpx_codec_enc_cfg_t, bit_rate: u32, temporal_layers: u8) {
    cfg.rc_target_bitrate = bit_rate / 1_000;
    if temporal_layers > 1 {
        for (rate, share) in cfg.ts_target_bitrate.iter_mut().zip(shares(temporal_layers)) {
            *rate = cfg.rc_target_bitrate * share / 100;
        }
    }
}

/// Tells libvpx which frames belong to which layer.
fn set_temporal_layers(cfg: &mut vpx_codec_enc_cfg_t, layers: u8) {
    if layers < 2 {
        return;
    }
    cfg.ts_number_layers = c_uint::from(layers);
    // Each layer has twice the frames of the one below it.
    for (divisor, layer) in cfg.ts_rate_decimator.iter_mut().zip((0..layers).rev()) {
        *divisor = 1 << layer;
    }
    cfg.ts_periodicity = 0;
    for (slot, layer) in cfg.ts_layer_id.iter_mut().zip(layer_ids(layers)) {
        *slot = c_uint::from(layer);
        cfg.ts_periodicity += 1;
    }
}

/// libvpx's description of a picture, borrowed: it is valid as long as `picture` is.
fn wrap(picture: &VideoFrame) -> Result<vpx_image_t, Error> {
    let pointer = |id| picture.plane(id).data().as_ptr().cast::<c_uchar>().cast_mut();
    let stride = |id| c_int::try_from(picture.plane(id).stride()).map_err(|_| Error::PlaneTooShort);
    let (width, height): (c_uint, c_uint) = (picture.width(), picture.height());
    let mut image = MaybeUninit::<vpx_image_t>::zeroed();
    // SAFETY: `image` is valid to be written and the plane is not null, so that nothing is allocated;
    // libvpx computes with the pointer but reads nothing here.
    let wrapped = unsafe {
        let format = vpx_img_fmt::VPX_IMG_FMT_I420;
        vpx_img_wrap(image.as_mut_ptr(), format, width, height, 1, pointer(PlaneId::Y))
    };
    if wrapped.is_null() {
        return Err(Error::EncoderFailed);
    }
    // SAFETY: on success libvpx has filled it in, and it was zero before, which is valid, too.
    let mut image = unsafe { image.assume_init() };
    let planes = [PlaneId::Y, PlaneId::U, PlaneId::V];
    for ((id, to), bytes) in planes.into_iter().zip(&mut image.planes).zip(&mut image.stride) {
        (*to, *bytes) = (pointer(id), stride(id)?);
    }
    Ok(image)
}

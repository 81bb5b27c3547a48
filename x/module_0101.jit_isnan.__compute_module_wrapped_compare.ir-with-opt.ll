; ModuleID = '__compute_module___compute_module_wrapped_compare'
source_filename = "__compute_module___compute_module_wrapped_compare"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_compare(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %.sroa.0 = alloca [8 x float], align 4
  %.sroa.4 = alloca [8 x float], align 4
  %.sroa.5 = alloca [8 x float], align 4
  %.sroa.6 = alloca [8 x float], align 4
  %.sroa.015 = alloca [8 x float], align 4
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %8 = load ptr, ptr %7, align 8
  %9 = load i64, ptr %8, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %9, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1
  %savedstack = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.015)
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %4, i64 32, i1 false)
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx, i64 32, i1 false)
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.5, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.5.0..sroa_idx, i64 32, i1 false)
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 96
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.6, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.6.0..sroa_idx, i64 32, i1 false)
  %10 = alloca [32 x i8], align 64
  %11 = load <8 x float>, ptr %.sroa.0, align 4
  %12 = fcmp uno <8 x float> %11, zeroinitializer
  %13 = zext <8 x i1> %12 to <8 x i8>
  store <8 x i8> %13, ptr %10, align 64
  %14 = load <8 x float>, ptr %.sroa.4, align 4
  %15 = fcmp uno <8 x float> %14, zeroinitializer
  %16 = zext <8 x i1> %15 to <8 x i8>
  %17 = getelementptr inbounds nuw i8, ptr %10, i64 8
  store <8 x i8> %16, ptr %17, align 8
  %18 = load <8 x float>, ptr %.sroa.5, align 4
  %19 = fcmp uno <8 x float> %18, zeroinitializer
  %20 = zext <8 x i1> %19 to <8 x i8>
  %21 = getelementptr inbounds nuw i8, ptr %10, i64 16
  store <8 x i8> %20, ptr %21, align 16
  %22 = load <8 x float>, ptr %.sroa.6, align 4
  %23 = fcmp uno <8 x float> %22, zeroinitializer
  %24 = zext <8 x i1> %23 to <8 x i8>
  %25 = getelementptr inbounds nuw i8, ptr %10, i64 24
  store <8 x i8> %24, ptr %25, align 8
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(32) %6, ptr noundef nonnull align 64 dereferenceable(32) %10, i64 32, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.015)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.015)
  %26 = getelementptr i8, ptr %4, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %26, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.1 = getelementptr i8, ptr %4, i64 160
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.1, i64 32, i1 false)
  %.sroa.5.0..sroa_idx.1 = getelementptr i8, ptr %4, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.5, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.5.0..sroa_idx.1, i64 32, i1 false)
  %.sroa.6.0..sroa_idx.1 = getelementptr i8, ptr %4, i64 224
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.6, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.6.0..sroa_idx.1, i64 32, i1 false)
  %27 = alloca [32 x i8], align 64
  %28 = load <8 x float>, ptr %.sroa.0, align 4
  %29 = fcmp uno <8 x float> %28, zeroinitializer
  %30 = zext <8 x i1> %29 to <8 x i8>
  store <8 x i8> %30, ptr %27, align 64
  %31 = load <8 x float>, ptr %.sroa.4, align 4
  %32 = fcmp uno <8 x float> %31, zeroinitializer
  %33 = zext <8 x i1> %32 to <8 x i8>
  %34 = getelementptr inbounds nuw i8, ptr %27, i64 8
  store <8 x i8> %33, ptr %34, align 8
  %35 = load <8 x float>, ptr %.sroa.5, align 4
  %36 = fcmp uno <8 x float> %35, zeroinitializer
  %37 = zext <8 x i1> %36 to <8 x i8>
  %38 = getelementptr inbounds nuw i8, ptr %27, i64 16
  store <8 x i8> %37, ptr %38, align 16
  %39 = load <8 x float>, ptr %.sroa.6, align 4
  %40 = fcmp uno <8 x float> %39, zeroinitializer
  %41 = zext <8 x i1> %40 to <8 x i8>
  %42 = getelementptr inbounds nuw i8, ptr %27, i64 24
  store <8 x i8> %41, ptr %42, align 8
  %43 = getelementptr i8, ptr %6, i64 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(32) %43, ptr noundef nonnull align 64 dereferenceable(32) %27, i64 32, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.015)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %scevgep5.2 = getelementptr i8, ptr %6, i64 64
  %savedstack.2 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.015)
  %scevgep.2 = getelementptr i8, ptr %4, i64 256
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.015, ptr noundef nonnull align 4 dereferenceable(32) %scevgep.2, i64 32, i1 false)
  %44 = alloca [32 x i8], align 64
  %45 = load <8 x float>, ptr %.sroa.015, align 4
  %46 = fcmp uno <8 x float> %45, zeroinitializer
  %47 = zext <8 x i1> %46 to <8 x i8>
  store <8 x i8> %47, ptr %44, align 64
  %48 = getelementptr inbounds nuw i8, ptr %44, i64 8
  store <8 x i8> splat (i8 1), ptr %48, align 8
  %49 = getelementptr inbounds nuw i8, ptr %44, i64 16
  store <8 x i8> splat (i8 1), ptr %49, align 16
  %50 = getelementptr inbounds nuw i8, ptr %44, i64 24
  store <8 x i8> splat (i8 1), ptr %50, align 8
  %51 = load i64, ptr %44, align 64
  store i64 %51, ptr %scevgep5.2, align 1
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.5)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.6)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.015)
  call void @llvm.stackrestore.p0(ptr %savedstack.2)
  br label %._crit_edge

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(ptr captures(none)) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(ptr captures(none)) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
